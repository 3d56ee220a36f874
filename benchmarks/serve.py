"""What `judgekit serve` answers under load: 1,000 requests of one item over 32 connections, and a stop in between.

    python benchmarks/serve.py http://127.0.0.1:8000 items.csv [--requests 1000] [--connections 32]

The file has the judge's columns. Printed: p50 and p95 of the time of a request, items per second, and how many failed.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import itertools
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit


def ask(address: str, items: list[dict[str, str]], numbers: list[int]) -> list[float | None]:
    """Ask one after the other over one connection; the seconds of each, None for one that failed."""
    place = urlsplit(address)
    line, found = http.client.HTTPConnection(place.hostname or "", place.port, timeout=120), []
    for number in numbers:
        body = json.dumps({"items": [items[number % len(items)]]})
        started = time.perf_counter()
        try:
            line.request("POST", "/predict", body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            found.append(time.perf_counter() - started if answer.status == 200 else None)
        except (OSError, http.client.HTTPException):
            found.append(None)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="What judgekit serve answers under load")
    parser.add_argument("address")
    parser.add_argument("file", type=Path)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with options.file.open(encoding="utf-8", newline="") as file:
        items = list(csv.DictReader(file))
    shares = [list(range(n, options.requests, options.connections)) for n in range(options.connections)]
    started = time.perf_counter()
    with ThreadPoolExecutor(options.connections) as pool:
        found = list(itertools.chain(*pool.map(lambda numbers: ask(options.address, items, numbers), shares)))
    seconds = time.perf_counter() - started
    answered = sorted(one for one in found if one is not None)
    cuts = statistics.quantiles(answered, n=100)
    print(
        f"{len(answered)} of {len(found)} answered; p50 {cuts[49]:.3f} s, p95 {cuts[94]:.3f} s; "
        f"{len(answered) / seconds:.0f} items/s"
    )


if __name__ == "__main__":
    main()
