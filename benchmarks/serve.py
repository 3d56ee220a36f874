"""What `judgekit serve` answers under load, beside what `judgekit score` reads alone.

    python benchmarks/serve.py JUDGE items.csv [--workspace FOLDER] [--requests 1000] [--connections 32]

JUDGE is a name or folder, the file has its columns. The judge first reads all items in a process of its own, then a
server is started and asked over 32 connections, with one item per request and with eight; whoever asks computes on the
same cores. Printed: p50 and p95 of the time of a request, items per second, their share of those of `score`, and how
many failed. The bar: 60 % of `score`, none failed.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import itertools
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

BAR = 0.6
ITEMS_PER_REQUEST = (1, 8)
Items = list[dict[str, str]]

_ALONE = """
import csv, sys, time
from judgekit import Judge
judge = Judge.load(sys.argv[1], workspace=sys.argv[3] or None, engine=sys.argv[4])
with open(sys.argv[2], encoding="utf-8", newline="") as file:
    items = list(csv.DictReader(file))
items = [{name: item[name] for name in judge.fields} for item in items]
speeds = []
for _ in range(4):
    started = time.perf_counter()
    judge.predict(items)
    speeds.append(len(items) / (time.perf_counter() - started))
print(sorted(speeds[1:])[1])
"""


@contextmanager
def server(judge: str, workspace: str, engine: str) -> Iterator[str]:
    """The address of a server that is there for as long as the context."""
    where = ["--workspace", workspace] if workspace else []
    command = [sys.executable, "-m", "judgekit", "serve", judge, "--port", "0", "--engine", engine, *where]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://[\d.]+:\d+", line):
                yield found.group()
                break
        else:
            sys.exit("The server did not start.")
    finally:
        process.terminate()
        process.wait()


def ask(address: str, requests: list[Items]) -> list[float | None]:
    """Ask one after the other over one connection; the seconds of each, None for one that failed."""
    place = urlsplit(address)
    line, found = http.client.HTTPConnection(place.hostname or "", place.port, timeout=120), []
    for items in requests:
        body = json.dumps({"items": items})
        started = time.perf_counter()
        try:
            line.request("POST", "/predict", body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            found.append(time.perf_counter() - started if answer.status == 200 else None)
        except (OSError, http.client.HTTPException):
            found.append(None)
    return found


def load(address: str, items: Items, *, size: int, requests: int, connections: int) -> tuple[float, int]:
    """Ask and print a line; items per second, and the requests that failed."""
    endless = itertools.cycle(items)
    bodies = [list(itertools.islice(endless, size)) for _ in range(requests)]
    shares = [bodies[n::connections] for n in range(connections)]
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        found = list(itertools.chain(*pool.map(lambda share: ask(address, share), shares)))
    speed = requests * size / (time.perf_counter() - started)
    answered = [one for one in found if one is not None]
    cuts = statistics.quantiles(answered, n=100)
    print(
        f"{len(answered)} of {len(found)} requests of {size} answered; p50 {cuts[49]:.3f} s, p95 {cuts[94]:.3f} s; "
        f"{speed:.0f} items/s",
        end="",
    )
    return speed, len(found) - len(answered)


def main() -> int:
    parser = argparse.ArgumentParser(description="What judgekit serve answers under load")
    parser.add_argument("judge")
    parser.add_argument("file", type=Path)
    parser.add_argument("--workspace", default="")
    parser.add_argument("--engine", default="torch")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    alone = [sys.executable, "-c", _ALONE, options.judge, str(options.file), options.workspace, options.engine]
    score = float(subprocess.run(alone, check=True, stdout=subprocess.PIPE, text=True).stdout)
    print(f"score: {score:.0f} items/s")
    with options.file.open(encoding="utf-8", newline="") as file:
        items: Items = list(csv.DictReader(file))
    is_met = True
    how = {"requests": options.requests, "connections": options.connections}
    with server(options.judge, options.workspace, options.engine) as address:
        load(address, items, size=1, requests=options.connections, connections=options.connections)
        print(" (first)")
        for size in ITEMS_PER_REQUEST:
            speed, failed = load(address, items, size=size, **how)
            print(f", {speed / score:.0%} of score (bar {BAR:.0%})")
            is_met = is_met and speed >= BAR * score and not failed
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
