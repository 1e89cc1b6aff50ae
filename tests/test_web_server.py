"""What the web server does with slow, large and vanished callers, and with dying processes."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from observatory.paths import PROJECT
from tests.probe_application import MEGABYTE

PATIENCE = 60


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.05)


class Server:
    """The server of the site, with an application that only probes it."""

    def __init__(self, folder: Path, processes: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        given = {"PROBE_FOLDER": str(folder), "WEB_CONCURRENCY": str(processes)}
        given["OBSERVATORY_HOME"] = str(folder / "home")
        words = ["--port", str(self.port), "tests.probe_application:application"]
        self.child = subprocess.Popen(
            [sys.executable, "-m", "observatory.deploy.web", *words],
            cwd=PROJECT, env=os.environ | given, start_new_session=True,
        )  # fmt: skip
        until(self.answers)

    def call(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def get(self, path: str = "/") -> str:
        call = self.call()
        call.request("GET", path)
        return call.getresponse().read().decode()

    def answers(self) -> bool:
        try:
            return bool(self.get())
        except OSError:
            return False

    def processes(self) -> list[int]:
        told = subprocess.run(
            ["pgrep", "-P", str(self.child.pid)], capture_output=True, text=True, check=False
        )
        return [int(number) for number in told.stdout.split()]

    def resident(self) -> int:
        """Return the megabytes of memory its one process holds."""
        (process,) = self.processes()
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1000

    def end(self) -> None:
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, processes=1)
    yield running
    running.end()


@pytest.fixture
def two_processes(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, processes=2)
    yield running
    running.end()


def test_an_export_waits_for_a_slow_reader_and_ends_when_the_reader_goes(server: Server) -> None:
    before, call = server.resident(), server.call()
    call.request("GET", "/stream")
    answer = call.getresponse()
    taken = len(answer.read(MEGABYTE))
    time.sleep(1)
    assert int((server.folder / "stream").read_text()) < 20
    assert server.resident() - before < 50
    call.sock.close()
    answer.close()
    until((server.folder / "stream.closed").exists)
    assert taken == MEGABYTE
    assert server.answers()


def test_a_large_file_is_handed_over_piece_by_piece(server: Server) -> None:
    before, call = server.resident(), server.call()
    size = 200 * MEGABYTE
    call.request(
        "POST", "/upload", (bytes(MEGABYTE) for _ in range(200)), {"Content-Length": str(size)}
    )
    assert call.getresponse().read().decode() == str(size)
    assert server.resident() - before < 50


def test_an_answer_under_way_is_finished_when_the_server_is_stopped(server: Server) -> None:
    told: list[str] = []
    asking = threading.Thread(target=lambda: told.append(server.get("/slow")))
    asking.start()
    until((server.folder / "stream.begun").exists)
    server.child.terminate()
    asking.join()
    assert told[0].isdigit()
    assert server.child.wait(PATIENCE) == 0
    assert not server.answers()
    assert not list((server.folder / "home" / "metrics").iterdir())


def test_a_process_that_dies_is_started_again(two_processes: Server) -> None:
    first, second = two_processes.processes()
    os.kill(first, signal.SIGKILL)
    until(lambda: len(set(two_processes.processes()) - {first}) == 2)
    assert second in two_processes.processes()
    assert two_processes.answers()


def test_nothing_goes_on_answering_when_the_server_is_killed_outright(
    two_processes: Server,
) -> None:
    left = two_processes.processes()
    two_processes.child.kill()
    until(lambda: not any(Path(f"/proc/{process}").exists() for process in left))
    assert not two_processes.answers()


def test_a_process_begun_while_the_server_is_killed_ends_as_well(tmp_path: Path) -> None:
    begun, goes_on = tmp_path / "begun", tmp_path / "goes on"
    script = f"""
import os, pathlib, time
from observatory.deploy.web import in_a_process

parent = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == parent:
    time.sleep(0.01)
pathlib.Path({str(begun)!r}).write_text(str(os.getpid()))
in_a_process(parent, "tests.probe_application:application")
pathlib.Path({str(goes_on)!r}).touch()
time.sleep(60)
"""
    subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=True)
    until(lambda: begun.exists() and begun.read_text() != "")
    until(lambda: goes_on.exists() or not Path(f"/proc/{begun.read_text()}").exists())
    assert not goes_on.exists()


def test_words_that_are_no_request_are_refused_in_the_server_itself(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n")
        assert wire.recv(1000).startswith(b"HTTP/1.1 400")
    both = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
    hidden = b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
    smuggled = both + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as wire:
        wire.sendall(smuggled)
        assert wire.recv(10_000).count(b"HTTP/1.1 200") < 2
