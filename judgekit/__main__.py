"""`python -m judgekit`."""

import os
import sys

from judgekit.cli import main

code = main()
if int(os.environ.get("WORLD_SIZE", "1")) > 1:
    # One of a launcher's processes: what it made is on the disk. Taking down the threads of torch's process groups at
    # exit can abort ("terminate called"), and the launcher would report a finished training as failed.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
sys.exit(code)
