"""``make run`` behind its make: from nothing to an answering site, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from observatory.cluster import Cluster
from observatory.paths import PROJECT

PATIENCE = 120


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_files(folder: Path) -> None:
    """Write four cells and an arrondissement as their producers lay them out."""
    (folder / "carreaux_200m_2021.csv").write_text(
        "idcar_200m,ind,men,men_pauv,ind_snv\n"
        + "".join(
            f"CRS3035RES200mN{2_893_400 + 200 * row}E{3_763_200 + 200 * column},900,450,180,18e6\n"
            for row in (0, 1)
            for column in (0, 1)
        )
    )
    ring = [[2.34, 48.88], [2.37, 48.88], [2.37, 48.90], [2.34, 48.90], [2.34, 48.88]]
    feature = {
        "type": "Feature",
        "properties": {"c_ar": 18, "c_arinsee": 75118, "l_ar": "18ème Ardt", "l_aroff": "Butte"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    collection = {"type": "FeatureCollection", "features": [feature]}
    (folder / "arrondissements.geojson").write_text(json.dumps(collection))


class Site:
    """One ``observatory run`` in a process of its own."""

    def __init__(self, base: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.output = base / f"output-{time.monotonic_ns()}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OBSERVATORY", "DJANGO"))}
        words = ["run", "--port", str(port), "--data", str(base / "data")]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "observatory", *words],
                cwd=PROJECT,
                env={**kept, "OBSERVATORY_HOME": str(base / "home"), "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
                # As a shell starts a background job: Ctrl-C must stop it all the same.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> None:
        limit = time.monotonic() + PATIENCE
        while "Ready in" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < limit, self.said()
            time.sleep(0.1)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:
            return answer.read()

    def children(self) -> list[str]:
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return listed.stdout.split()

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def base():
    folder = Path(tempfile.mkdtemp(prefix="observatory-run-"))
    folder.chmod(0o755)
    (folder / "data").mkdir()
    (folder / "home").mkdir()
    write_files(folder / "data")
    yield folder
    Cluster(folder / "home" / "postgres").stop()
    shutil.rmtree(folder)


@pytest.fixture
def site(base):
    """A running site; what the test did not stop is stopped."""
    started = Site(base, a_free_port())
    started.wait_until_ready()
    yield started
    if started.process.poll() is None:
        started.interrupt()


def test_the_site_answers_with_the_files_loaded_and_zones_computed(site):
    layers = {layer["id"]: layer for layer in json.loads(site.get("/tiles"))["layers"]}
    assert layers["cells"]["count"] == 4
    assert layers["arrondissements"]["count"] == 1
    assert layers["zones"]["count"] == 1
    assert b"<html" in site.get("/")


def test_control_c_stops_everything_it_started(site, base):
    children = site.children()
    assert len(children) >= 2
    assert site.interrupt() == 0
    assert not Cluster(base / "home" / "postgres").is_running()
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    with pytest.raises(OSError):
        site.get("/healthz")


def test_a_second_run_finds_everything_as_it_was(site, base):
    first = json.loads(site.get("/tiles"))
    assert site.interrupt() == 0
    again = Site(base, a_free_port())
    again.wait_until_ready()
    try:
        second = json.loads(again.get("/tiles"))
        counts = [[(x["id"], x["count"]) for x in told["layers"]] for told in (first, second)]
        assert counts[0] == counts[1]
    finally:
        assert again.interrupt() == 0


def test_a_port_in_use_is_refused_before_anything_is_done(site, base):
    port = int(site.address.rsplit(":", 1)[1])
    other = Site(base, port)
    assert other.process.wait(60) == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in other.said()
    assert f"PORT={port + 1} make run" in other.said()


def test_killing_it_outright_leaves_no_process_behind(site, base):
    children = site.children()
    site.process.kill()
    site.process.wait()
    limit = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < limit
        time.sleep(0.2)
    # The database outlives a kill: it is asked to stop by name.
    Cluster(base / "home" / "postgres").stop()


@pytest.mark.parametrize(
    "words, said",
    [
        (["--port", "abc"], "'abc' is not a port number"),
        (["--port", "70000"], "'70000' is not a port number"),
        (["--data", "/does/not/exist"], "is not a folder"),
    ],
)
def test_a_wrong_word_is_explained(words, said):
    done = subprocess.run(
        [sys.executable, "-m", "observatory", "run", *words],
        cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_console_script_works_with_no_variable_set():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "observatory"), "--help"],
        cwd=PROJECT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert "zones" in done.stdout
