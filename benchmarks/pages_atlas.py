"""How long the atlas of a contract takes: 20 portraits as the command writes them, each round.

OBSERVATORY_DATABASE=… python -m benchmarks.pages_atlas [CONTRACT] [ROUNDS]

Run it with a loaded observatory. The floor is the same command’s start alone:
Django, matplotlib and WeasyPrint imported, nothing drawn.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 60.0  # seconds for 20 portraits


def timed(*words: str) -> float:
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "observatory", *words], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begun


def main() -> None:
    contract = sys.argv[1] if len(sys.argv) > 1 else "CV-PARIS"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    atlas, floor = [], []
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            atlas.append(timed("portraits", "--contract", contract, "--out", folder))
            count = len(list(Path(folder).glob("*.pdf")))
        floor.append(timed("portraits", "--help"))
        print(
            f"round {number}: {count} portraits {atlas[-1]:6.1f} s, start alone {floor[-1]:5.1f} s"
        )
    median = statistics.median(atlas)
    print(f"median: {median:.1f} s for {count} portraits, {20 * median / count:.1f} s for 20 "
          f"(at most {LIMIT:g}); start alone {statistics.median(floor):.1f} s")  # fmt: skip


if __name__ == "__main__":
    main()
