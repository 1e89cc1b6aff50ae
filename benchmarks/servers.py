"""The servers to compare, each started with two processes on the same database and views."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from observatory.paths import PROJECT

PROCESSES = 2


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command: list[str], port: int, path: str, **environment: str) -> Iterator[str]:
    """Run a server until the block ends; yields its base address."""
    base = f"http://127.0.0.1:{port}"
    log = tempfile.TemporaryFile()  # noqa: SIM115 - the child writes to it
    child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(base + path, timeout=5).read()  # noqa: S310
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                if child.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(f"{command[0]}: {log.read().decode()[-2000:]}") from None
                time.sleep(0.1)
        yield base
    finally:
        child.terminate()
        child.wait(20)


@contextmanager
def observatory(**environment: str) -> Iterator[str]:
    """Run ours as `make run` does, every caller allowed as many calls as there is time for."""
    port = free_port()
    command = [sys.executable, "-m", "observatory.deploy.web", "--port", str(port)]
    given = {"WEB_CONCURRENCY": str(PROCESSES), "OBSERVATORY_API_RATE_ADDRESS": "", **environment}
    with started(command, port, "/healthz", **given) as base:
        yield base


@contextmanager
def tipg(python: str, database: str) -> Iterator[str]:
    """Run tipg under uvicorn."""
    port = free_port()
    command = [python, "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--workers"]
    command += [str(PROCESSES), "--log-level", "error"]
    ours = {"TIPG_TILE_BUFFER": "64", "TIPG_MAX_FEATURES_PER_TILE": "100000"}
    ours |= {"TIPG_DB_SPATIAL_EXTENT": "false", "TIPG_DB_DATETIME_EXTENT": "false"}
    for name in ("cells", "qpv", "arrondissements"):
        ours[f"TIPG_TABLE_CONFIG__public_bench_{name}__pk"] = "fid"
    with started(command, port, "/healthz", DATABASE_URL=database, **ours) as base:
        yield base


@contextmanager
def django_vectortiles(python: str, database: str, layers: dict[str, list[str]]) -> Iterator[str]:
    """Run django-vectortiles under gunicorn, with the same processes and threads as ours."""
    port = free_port()
    command = [python, "-m", "gunicorn", "--workers", str(PROCESSES), "--threads", "4"]
    command += ["--no-control-socket", "--log-level", "error", "--bind", f"127.0.0.1:{port}"]
    command += ["benchmarks.peer_django:application"]
    given = {"BENCH_DATABASE": database, "BENCH_LAYERS": json.dumps(layers)}
    given["DJANGO_SETTINGS_MODULE"] = ""
    with started(command, port, "/qpv/0/0/0", **given) as base:
        yield base


# What makes MapServer fast here, found by trying: the very projection its tile mode sets (any other
# wording is reprojected point by point), the attributes named (or it asks the database for them at
# each tile), and the box compared by the index alone, as our own tiles do. About three times the
# rate of a plain map file.
MERCATOR = (
    '"proj=merc" "a=6378137" "b=6378137" "lat_ts=0" "lon_0=0" "x_0=0" "y_0=0" "k=1" '
    '"units=m" "nadgrids=@null" "no_defs"'
)
DATA = (
    "geometry_3857 from (select * from bench_{name} where geometry_3857 && !BOX!) as rows "
    "using unique fid using srid=3857"
)
MAP_LAYER = """
  LAYER
    NAME "{name}"
    TYPE POLYGON
    STATUS ON
    CONNECTIONTYPE POSTGIS
    CONNECTION "{database}"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    PROCESSING "ITEMS={items}"
    DATA "{data}"
    PROJECTION {mercator} END
    METADATA "gml_include_items" "all" END
  END
"""
MAP = """
MAP
  NAME "bench"
  EXTENT -20037508 -20037508 20037508 20037508
  SIZE 256 256
  PROJECTION {mercator} END
  OUTPUTFORMAT
    NAME "mvt" DRIVER "MVT" FORMATOPTION "EDGE_BUFFER=16" FORMATOPTION "EXTENT=4096"
  END
  WEB METADATA "ows_enable_request" "*" END END
{layers}
END
"""
MAP_RULE = r"""
location ~ ^/([a-z]+)/(\d+)/(\d+)/(\d+)$ {{
  fastcgi_pass unix:{socket};
  fastcgi_param REQUEST_METHOD GET;
  fastcgi_param QUERY_STRING
    "map={map}&mode=tile&tilemode=gmap&layers=$1&tile=$3+$4+$2&map.imagetype=mvt";
}}
"""
TEMPORARY = (
    "proxy_temp_path {folder}/proxy; "
    "fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; "
    "scgi_temp_path {folder}/scgi;"
)
NGINX = """
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  {temporary} client_body_temp_path {folder}/body;
  {http}
  server {{ listen 127.0.0.1:{port}; {server} }}
}}
"""


@contextmanager
def nginx(folder: Path, server: str, http: str = "") -> Iterator[str]:
    """Run nginx with one server block."""
    port = free_port()
    file = folder / "nginx.conf"
    temporary = TEMPORARY.format(folder=folder)
    file.write_text(
        NGINX.format(folder=folder, port=port, server=server, http=http, temporary=temporary)
    )
    command = ["nginx", "-p", str(folder), "-c", str(file), "-g", "daemon off;"]
    with started(command, port, "/") as base:
        yield base


def compose_conf(folder: Path, application: str, port: int) -> str:
    """Return the compose file's own nginx configuration, moved to this machine's places."""
    text = (PROJECT / "observatory" / "deploy" / "nginx.conf").read_text()
    moved = {
        "server web:8000;": f"server {application.removeprefix('http://')};",
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "/var/cache/nginx/tiles": str(folder / "cache"),
        "/tmp/nginx": str(folder / "nginx"),  # noqa: S108 - the container's own
        "/dev/stdout": str(folder / "access.log"),
        "/dev/stderr": str(folder / "error.log"),
        "http {\n": f"http {{\n    {TEMPORARY.format(folder=folder)}\n",
    }
    for old, new in moved.items():
        if old not in text:
            raise ValueError(f"nginx.conf no longer says {old!r}")
        text = text.replace(old, new)
    return text


@contextmanager
def compose_nginx(application: str) -> Iterator[str]:
    """Run nginx as docker-compose.yml does, in front of ``application``."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        folder.chmod(0o755)
        (folder / "cache").mkdir(mode=0o777)
        (folder / "cache").chmod(0o777)
        port = free_port()
        file = folder / "nginx.conf"
        file.write_text(compose_conf(folder, application, port))
        command = ["nginx", "-p", str(folder), "-c", str(file), "-g", "daemon off;"]
        with started(command, port, "/healthz") as base:
            yield base


@contextmanager
def static_nginx(root: Path) -> Iterator[str]:
    """Run nginx over plain files, with the settings of the compose file that matter here."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        folder.chmod(0o755)
        types = "types { application/vnd.mapbox-vector-tile pbf; }"
        http = f"sendfile on; {types}"
        with nginx(folder, f"location / {{ root {root}; gzip_static on; }}", http) as base:
            yield base


@contextmanager
def mapserver(database: str, layers: dict[str, list[str]]) -> Iterator[str]:
    """Run Debian's MapServer: FastCGI processes behind nginx."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        folder.chmod(0o755)
        drawn = "".join(
            MAP_LAYER.format(
                name=name,
                data=DATA.format(name=name),
                database=database,
                items=",".join(names),
                mercator=MERCATOR,
            )
            for name, names in layers.items()
        )
        (folder / "bench.map").write_text(MAP.format(layers=drawn, mercator=MERCATOR))
        (folder / "mapserver.conf").write_text('CONFIG\n ENV\n  MS_MAP_PATTERN "."\n END\nEND\n')
        socket_file = folder / "mapserver.sock"
        environment = {"MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf")}
        children = _fcgi(socket_file, environment)
        rule = MAP_RULE.format(socket=socket_file, map=folder / "bench.map")
        try:
            with nginx(folder, rule) as base:
                yield base
        finally:
            for child in children:
                os.kill(child, 9)  # it heeds nothing gentler between two requests


def _fcgi(socket_file: Path, environment: dict[str, str]) -> list[int]:
    """Start two mapserv processes on one socket; return their process ids."""
    pid_file = socket_file.with_suffix(".pid")
    command = ["spawn-fcgi", "-s", str(socket_file), "-M", "0777", "-F", str(PROCESSES)]
    command += ["-P", str(pid_file), "--", shutil.which("mapserv") or "mapserv"]
    subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
    return [int(line) for line in pid_file.read_text().split()]
