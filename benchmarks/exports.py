"""Whole layers as files, each in a process of its own: time, size, and the most memory held.

    OBSERVATORY_DATABASE=observatory_france python -m benchmarks.exports [--layer cells]

Constant memory means that a France-size layer (2.3 million cells) takes no more than a few times
what the program itself takes; xlsx is refused past its row limit. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FORMATS = ("geojson", "csv", "parquet", "gpkg", "xlsx")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--layer", default="cells")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--bbox", default="", help="narrow the layer, as the API does")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.layer, options.one, options.bbox)))
        return
    print("| format | rows | seconds | MB | peak MB | before the rows, MB | |")
    print("|---|---|---|---|---|---|---|")
    for name in options.formats.split(","):
        command = [sys.executable, "-m", "benchmarks.exports", "--layer", options.layer]
        command += ["--one", name, "--bbox", options.bbox]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(
                f"| {name} | | | | | | {done.stderr.strip().splitlines()[-1][:100]} |", flush=True
            )
            continue
        told = json.loads(done.stdout)
        print(
            f"| {name} | {told['rows']} | {told['seconds']:.1f} | {told['size']:.1f} "
            f"| {told['peak']:.0f} | {told['base']:.0f} | {told['refused']} |",
            flush=True,
        )


def one(layer: str, name: str, bbox: str) -> dict[str, object]:
    """Write one file and tell what it took."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "observatory.settings")
    import django

    django.setup()
    from django.http import QueryDict

    from layers.api.exports import DIALECT
    from layers.errors import TooManyRows
    from layers.exports.files import FORMATS as WRITERS
    from layers.features import count_of
    from layers.registry import REGISTRY
    from layers.selection import read

    query = QueryDict(f"bbox={bbox}" if bbox else "")
    selection = read(REGISTRY.get(layer), query, DIALECT).unpaged()
    rows, form = count_of(selection), WRITERS[name]
    base, begun, size, refused = _peak(), time.perf_counter(), 0, ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            if form.stream:
                size = sum(len(piece) for piece in form.stream(selection))
            elif form.write:
                target = Path(folder) / form.name_for(selection)
                form.write(selection, target)
                size = target.stat().st_size
        except TooManyRows as error:
            refused = str(error)
    seconds = time.perf_counter() - begun
    told = {"rows": rows, "seconds": seconds, "size": size / 1e6, "peak": _peak()}
    return {**told, "base": base, "refused": refused}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
