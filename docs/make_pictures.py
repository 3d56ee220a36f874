"""Draws docs/images/demo.svg from a real run: what `judgekit score` and `evaluate` print on the bundled sample.

`python docs/make_pictures.py` runs the demo first (a few minutes, and the extra `starter`); with a folder that
`judgekit demo` has made as its argument it takes that one.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

COLUMNS = 84
SCORES_SHOWN, EVALUATION_SHOWN = 3, 20
PICTURE = Path(__file__).parent / "images" / "demo.svg"
# No font is fetched from the web, and no rule of the picture's style reaches the page around it.
FONT = re.compile(r"@font-face \{.*?\}\s*", flags=re.DOTALL)


def run(folder: Path, *words: str) -> Text:
    """What a command prints on stdout, with its colours."""
    environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "judgekit", *words]
    ended = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True)
    return Text.from_ansi(ended.stdout.decode("utf-8").rstrip())


def draw(folder: Path) -> None:
    """Write the picture of a folder of `judgekit demo`."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)

    def typed(command: str) -> None:
        console.print(Text.assemble(("$ ", "green"), (command, "bold")))

    typed("judgekit score new.csv")
    console.print(run(folder, "score", "new.csv", "--force"))
    console.print("")
    typed(f"head -{SCORES_SHOWN + 1} new.scores.csv | cut -d, -f1-5")
    for line in (folder / "new.scores.csv").read_text(encoding="utf-8").splitlines()[: SCORES_SHOWN + 1]:
        console.print(Text(",".join(line.split(",")[:5])))
    console.print("")
    typed(f"judgekit evaluate | head -{EVALUATION_SHOWN}")
    for line in run(folder, "evaluate").split("\n")[:EVALUATION_SHOWN]:
        console.print(line)
    svg = console.export_svg(title="judgekit demo", theme=DIMMED_MONOKAI, unique_id="judgekit")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(FONT.sub("", svg) + "\n", encoding="utf-8")


def main() -> None:
    """Draw the picture of the folder given, or of a new one."""
    if sys.argv[1:]:
        draw(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, "-m", "judgekit", "demo", "demo"], cwd=scratch, check=True)
        draw(Path(scratch) / "demo")


if __name__ == "__main__":
    main()
