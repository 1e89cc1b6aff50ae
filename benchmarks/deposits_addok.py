"""Our matcher beside addok: the same addresses, the same messy lists, in one run.

    python -m benchmarks.deposits_addok ADDRESSES.csv.gz QUARTERS.zip PYTHON [ROWS] [ROUNDS]

PYTHON is the one that the peers are installed in (`pip install -r benchmarks/peers.txt` in an
environment apart); `redis-server` must be there too (Debian's package), it is started on a socket
and stopped. Both use two processes, addok's database a third one. Each round is another list of
its own seed; addok is warm, as is our second process.

*Near* is within 100 m of the true door. *Wrong zone* is a row surely put in a quarter that is
not the true one. Addok says nothing of precision: its door is taken as sure and its street or
town as a point, as whoever uses it does; it abstains where it answers nothing, or under the
score asked for.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.deposits_corruptions import Row, doors_of, messy_list
from benchmarks.deposits_matching import (
    NEAR_METRES,
    Quarters,
    judge_all,
    matcher_of_file,
    quarters_of_file,
)
from importers.matching.beside import Pair, beside

PEER = Path(__file__).with_name("peer_addok.py")
FIRST_SEED = 9_001
SCORES = (0.0, 0.5, 0.7)  # the least score that an answer of addok's must have
COLUMNS = ("near", "far", "street", "wrong_zone", "ambiguous", "missed")


@contextmanager
def addok(python: str, addresses: Path) -> Iterator[dict[str, str]]:
    """Run a Redis filled by addok's import until the block ends; gives addok's environment."""
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        words = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir"]
        redis = subprocess.Popen([*words, folder], stdout=subprocess.DEVNULL)
        try:
            while not Path(socket).exists():
                time.sleep(0.1)
            environment = {**os.environ, "REDIS_SOCKET": socket}
            index = [python, str(PEER), "index", str(addresses)]
            subprocess.run(index, env=environment, check=True, capture_output=True)
            yield environment
        finally:
            redis.terminate()
            redis.wait(20)


def asked(row: Row) -> str:
    """Return a row as it is given to addok: the cell, then what stands in other columns."""
    return " ".join(f"{row.cell} {row.postcode} {row.city}".split())


def of_addok(
    answers: Sequence[Any], rows: Sequence[Row], quarters: Quarters, least: float
) -> Counter[str]:
    """Count what became of each row, by addok's first answers of at least this score."""
    found: Counter[str] = Counter()
    truth, _ = quarters.of(*_points([(row.door.lon, row.door.lat) for row in rows]))
    kept = [
        (answer, row, zone)
        for answer, row, zone in zip(answers, rows, truth, strict=True)
        if answer is not None and answer[3] >= least and answer[2] != "municipality"
    ]
    found["missed"] = len(rows) - len(kept)
    zones, _ = quarters.of(*_points([answer[:2] for answer, _, _ in kept]))
    for (answer, row, truly), zone in zip(kept, zones, strict=True):
        dx, dy = (answer[0] - row.door.lon) * 73_300, (answer[1] - row.door.lat) * 111_320
        near = float(np.hypot(dx, dy)) <= NEAR_METRES
        found["near" if near else "street" if answer[2] == "street" else "far"] += 1
        found["wrong_zone"] += zone != truly
    return found


def _points(points: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(points, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def of_ours(pair: Pair, rows: Sequence[Row], quarters: Quarters) -> tuple[Counter[str], float]:
    """Match the rows; return what became of each, and the seconds."""
    given = [(row.cell, row.postcode, row.city) for row in rows]
    begun = time.perf_counter()
    matches = pair.match_all(given, lambda done: None)
    seconds = time.perf_counter() - begun
    return judge_all(pair.matcher, matches, rows, quarters).counts, seconds


def line(name: str, counts: Counter[str], rows: int, rate: float) -> str:
    """Return one line of the table."""
    shares = " | ".join(f"{100 * counts[what] / rows:.2f}" for what in COLUMNS)
    return f"| {name} | {rate:.0f} | {shares} |"


def main() -> None:
    addresses, python = Path(sys.argv[1]), sys.argv[3]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 5_000
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 5
    quarters, doors = quarters_of_file(Path(sys.argv[2])), doors_of(addresses)
    lists = [list(messy_list(doors, count, FIRST_SEED + turn)) for turn in range(rounds)]
    matcher = matcher_of_file(addresses)
    ratios = []
    print("| | rows/s | " + " | ".join(COLUMNS) + " (% of rows) |\n" + "|---" * 8 + "|")
    with addok(python, addresses) as environment, beside(matcher) as pair:
        pair.match_all([("1 rue de Rivoli", "75001", "")] * count, lambda done: None)  # warm
        for turn, rows in enumerate(lists, start=1):
            counts, seconds = of_ours(pair, rows, quarters)
            print(line(f"round {turn}, ours", counts, count, count / seconds), flush=True)
            told = subprocess.run(
                [python, str(PEER), "search"], env=environment, check=True,
                input=json.dumps([[asked(row) for row in rows]]).encode(), stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            theirs = json.loads(told.stdout)[0]
            for least in SCORES:
                found = of_addok(theirs["answers"], rows, quarters, least)
                name = f"round {turn}, addok" + (f", score ≥ {least}" if least else "")
                print(line(name, found, count, count / theirs["seconds"]), flush=True)
            ratios.append(theirs["seconds"] / seconds)
    print(f"\nTimes addok's pace: {', '.join(f'{r:.0f}' for r in ratios)}; "
          f"median {statistics.median(ratios):.0f}")  # fmt: skip


if __name__ == "__main__":
    main()
