"""Warm tiles: the default server, nginx as composed, and nginx over the same bytes as files.

    python -m benchmarks.warm [--rounds 5] [--requests 4000] [--peers /path/to/venv/bin/python]

Every tile is asked for once before anything is timed. Rounds are interleaved. With --peers, tipg
is measured cold on the same tiles, which is what warm tiles are compared with. Prints Markdown.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from benchmarks import servers, tiles
from benchmarks.client import Result, once


def main() -> None:
    options = _options()
    tiles.make_views()
    jobs = tiles.sample(tiles.SAME_WORK, options.per_zoom)
    with ExitStack() as stack:
        ours = stack.enter_context(servers.observatory())
        marks = tiles.marks_of(ours)
        paths = [f"/tiles/{n}/{z}/{x}/{y}.pbf?{marks[n]}" for n, z, x, y in jobs]
        bases = {"observatory, warm": ours}
        if shutil.which("nginx"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            _save(ours, paths, folder)
            bases["nginx as composed, warm"] = stack.enter_context(servers.compose_nginx(ours))
            bases["nginx, static files"] = stack.enter_context(servers.static_nginx(folder))
        asked = [paths[place % len(paths)] for place in range(options.requests)]
        for base in bases.values():
            once(base, paths, 4)
        for connections in (1, 8):
            results: dict[str, list[Result]] = {name: [] for name in bases}
            for _ in range(options.rounds):
                for name, base in bases.items():
                    results[name].append(once(base, asked, connections))
            if options.peers:
                results["tipg, cold"] = _tipg(options, jobs, connections)
            _print(results, connections)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", default="", help="python of the peers' environment")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--per-zoom", type=int, default=20)
    return parser.parse_args()


def _save(base: str, paths: list[str], folder: Path) -> None:
    """Keep the very bytes we serve as plain files."""
    folder.chmod(0o755)
    for path in paths:
        target = folder / path.partition("?")[0].lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(base + path) as answer:  # noqa: S310 - our own server
            target.write_bytes(answer.read())


def _tipg(options: argparse.Namespace, jobs: list[tiles.Job], connections: int) -> list[Result]:
    stored = tiles.settings.DATABASES["default"]
    url = f"postgresql://{stored['USER']}@{quote(stored['HOST'], safe='')}/{stored['NAME']}"
    prefix = "/collections/public.bench_{}/tiles/WebMercatorQuad/{}/{}/{}"
    with servers.tipg(options.peers, url) as base:
        paths = [prefix.format(*job) for job in jobs]
        once(base, paths[:60], connections)
        return [once(base, paths, connections) for _ in range(options.rounds)]


def _print(results: dict[str, list[Result]], connections: int) -> None:
    print(f"\n### {connections} connection(s)\n")
    print("| server | tiles/s | p50 ms | p99 ms | failures | mean KB | rounds |")
    print("|---|---|---|---|---|---|---|")
    for name, found in results.items():
        size = statistics.mean(found[-1].sizes) / 1000
        each = " ".join(f"{r.rate:.0f}" for r in found)
        print(
            f"| {name} | {statistics.median(r.rate for r in found):.0f} "
            f"| {statistics.median(r.median for r in found):.2f} "
            f"| {statistics.median(r.percentile(0.99) for r in found):.2f} "
            f"| {sum(r.failures for r in found)} | {size:.1f} | {each} |",
            flush=True,
        )
    rates = {name: statistics.median(r.rate for r in found) for name, found in results.items()}
    for over, under in (
        ("observatory, warm", "tipg, cold"),
        ("nginx as composed, warm", "nginx, static files"),
    ):
        if over in rates and under in rates:
            print(f"\n{over} ÷ {under}: {rates[over] / rates[under]:.2f}", flush=True)


if __name__ == "__main__":
    main()
