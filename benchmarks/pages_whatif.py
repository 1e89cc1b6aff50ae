"""How long the server takes to rebuild the zones when the slider moves, over HTTP.

python -m benchmarks.pages_whatif http://localhost:8000
"""

from __future__ import annotations

import statistics
import sys
import time
import urllib.request

PLACES = [10 + step for step in range(0, 51, 2)]


def main() -> None:
    origin = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
    first = f"{origin}/et-si/zones.json"
    urllib.request.urlopen(first).read()  # noqa: S310 - our own server; it reads the cells
    engine, whole = [], []
    for place in PLACES:
        begun = time.perf_counter()
        with urllib.request.urlopen(f"{first}?seuil={place}") as answer:  # noqa: S310 - the same
            answer.read()
            told = answer.headers["Server-Timing"]
        whole.append(1_000 * (time.perf_counter() - begun))
        engine.append(float(told.partition("dur=")[2]))
    for name, values in (("engine", engine), ("whole answer", whole)):
        print(f"{name:14} median {statistics.median(values):7.1f} ms   worst {max(values):7.1f} ms")


if __name__ == "__main__":
    main()
