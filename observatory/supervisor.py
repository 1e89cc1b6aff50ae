"""``observatory run``: the database, the worker and the web server, from nothing to Ctrl-C."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from observatory.cluster import Cluster
from observatory.datasets import choose_database, database_of
from observatory.errors import BadSetting, ClusterFailed, ObservatoryError, PortTaken
from observatory.paths import PROJECT, home

PATIENCE = 15  # seconds a child has to stop by itself
START_LIMIT = 60  # seconds the web server has to answer


def run(words: list[str], dispatch: Callable[[list[str]], None]) -> int:
    """Serve the site until Ctrl-C; ``dispatch`` runs one Django command in this process."""
    options = _parse(words)
    begun = time.monotonic()
    # Said outright: a shell that starts a job in the background leaves SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    _refuse_a_taken_port(options.host, options.port)
    folder = _folder(options.data)
    cluster = None if os.environ.get("DATABASE_URL") else Cluster.of_project()
    started = False
    try:
        if cluster:
            started = cluster.ensure_running()
            database = os.environ.get("OBSERVATORY_DATABASE") or database_of(folder)
            choose_database(database)
            cluster.ensure_database(database)
        _fill(folder, dispatch)
        _serve(options.host, options.port, begun)
    finally:
        if cluster and started:
            cluster.stop()
    return 0


def prepare(words: list[str], dispatch: Callable[[list[str]], None]) -> int:
    """Bring tables, data and static files up to date without serving (containers do this)."""
    _fill(_folder(_parse(words).data), dispatch)
    return 0


def stop() -> int:
    """Stop a site that runs in another terminal, then the private server."""
    with suppress(FileNotFoundError, ValueError, ProcessLookupError):
        os.kill(int(_pid_file().read_text()), signal.SIGTERM)
        _wait_until_gone(int(_pid_file().read_text()))
    Cluster.of_project().stop()
    return 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="observatory run", description="Serve the site until Ctrl-C."
    )
    parser.add_argument("--data", default="", help="folder of real files, instead of the demo")
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    parser.add_argument("--port", default=os.environ.get("PORT") or "8000", type=_port)
    return parser.parse_args(words)


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number (1 to 65535)")
    return int(text)


def _folder(given: str) -> Path | None:
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise BadSetting(f"DATA={given} is not a folder.", "Give the folder that holds the files.")
    return folder.resolve()


def _refuse_a_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {host} cannot be used: {error.strerror}.",
                f"Choose another one: PORT={port + 1} make run.",
            ) from None


def _fill(folder: Path | None, dispatch: Callable[[list[str]], None]) -> None:
    """Bring tables, static files and data up to date, leaving out what has not changed."""
    os.environ["OBSERVATORY_COLLECTED"] = "1"
    from observatory import freshness  # asks for Django, which only now has its database

    if freshness.tables_are_behind():
        dispatch(["migrate", "--verbosity", "0"])
    if freshness.static_files_changed():
        dispatch(["collectstatic", "--noinput", "--verbosity", "0"])
        freshness.remember_static_files()
    if folder is None:
        folder = home() / "demonstration"
        dispatch(["demonstration", str(folder)])
    if freshness.is_loaded(folder):
        return
    print(f"Loading {folder} …", flush=True)
    try:
        dispatch(["load", "folder", str(folder), "--brief"])
        freshness.remember_loaded(folder)
    except SystemExit as refused:
        if refused.code:
            print("Some files were refused (see above); the site is served without them.")
    dispatch(["zones", "build", "--if-missing"])


def _serve(host: str, port: int, begun: float) -> None:
    web = [sys.executable, "-m", "observatory.deploy.web", "--host", host, "--port", str(port)]
    worker = [sys.executable, "-m", "observatory", "procrastinate", "worker"]
    children: list[subprocess.Popen[bytes]] = []
    _pid_file().write_text(str(os.getpid()))
    try:
        children.append(_child(web))
        address = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}/"
        _wait_for(f"http://{host}:{port}/healthz", children[0])
        children.append(_child(worker))
        seconds = time.monotonic() - begun
        print(f"\nReady in {seconds:.0f} s: {address}\nCtrl-C stops everything.\n", flush=True)
        _watch(children, worker)
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave orphans
        _stop(children)
        _pid_file().unlink(missing_ok=True)


def _watch(children: list[subprocess.Popen[bytes]], worker: list[str]) -> None:
    """Wait for ever; start the worker again when it dies, end when the web server does."""
    while True:
        time.sleep(0.5)
        if children[0].poll() is not None:
            raise ObservatoryError("The web server stopped by itself; see its messages above.")
        if children[1].poll() is not None:
            print("The worker stopped; starting it again.", file=sys.stderr)
            time.sleep(1)
            children[1] = _child(worker)


def _child(command: list[str]) -> subprocess.Popen[bytes]:
    # Its own session: Ctrl-C reaches this process alone, which stops the others in order.
    # Linux ends it as well when this process is killed outright.
    setpriv = shutil.which("setpriv")
    tied = [setpriv, "--pdeathsig", "TERM", *command] if setpriv else command
    return subprocess.Popen(tied, cwd=PROJECT, start_new_session=True)


def _wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + START_LIMIT
    while time.monotonic() < limit:
        if child.poll() is not None:
            raise ObservatoryError("The web server did not start; see its messages above.")
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own address
            return
        time.sleep(0.1)
    raise ObservatoryError(f"The web server did not answer within {START_LIMIT} s.")


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    limit = time.monotonic() + PATIENCE
    for child in children:
        try:
            child.wait(max(0.1, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _pid_file() -> Path:
    return home() / "run.pid"


def _wait_until_gone(pid: int) -> None:
    limit = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < limit:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.2)
    raise ClusterFailed(f"The site (process {pid}) does not stop.", "End that process by hand.")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
