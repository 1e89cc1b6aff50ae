"""The private PostGIS server: made from nothing, reachable by nobody else, kept between runs."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

import psycopg
import pytest

from observatory import cluster
from observatory.cluster import Cluster, find_server_programs
from observatory.errors import MissingProgram


@pytest.fixture(scope="module")
def server():
    """A second private server, in a folder the server's account may enter."""
    base = Path(tempfile.mkdtemp(prefix="observatory-test-"))
    base.chmod(0o755)
    made = Cluster(base / "postgres")
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(base)


@pytest.fixture
def running(server):
    server.ensure_running()
    return server


def test_it_is_made_and_started_at_first_use_and_found_running_at_the_second(server):
    server.stop()
    assert not server.is_running()
    assert server.ensure_running() is True
    assert server.ensure_running() is False
    assert server.is_running()


def test_a_new_database_has_postgis_and_the_search_extensions(running):
    assert running.ensure_database("brand_new") is True
    assert running.ensure_database("brand_new") is False
    with psycopg.connect(running.url("brand_new")) as connection:
        names = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
        assert {"postgis", "pg_trgm", "unaccent", "btree_gist"} <= names
        tile = "SELECT ST_AsMVT(q) FROM (SELECT ST_MakeEnvelope(0, 0, 9, 9) AS shape) AS q"
        assert connection.execute(tile).fetchone()


def test_the_application_is_not_a_superuser_so_that_row_security_binds_it(running):
    running.ensure_database("fresh")
    with psycopg.connect(running.url("fresh")) as connection:
        query = "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(query).fetchone() == (False, False)


def test_it_listens_on_no_port(running):
    with psycopg.connect(running.url("postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_it_starts_although_the_usual_port_is_taken(running):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 5432))
            other.listen()
        except OSError:
            pass  # a real server of the machine holds it already
        running.stop()
        assert running.ensure_running() is True


def test_nobody_else_may_enter_the_folder_of_its_socket(running):
    mode = stat.S_IMODE(running.socket_folder.stat().st_mode)
    assert mode == 0o700


def test_what_was_stored_survives_a_stop(running):
    running.ensure_database("kept")
    with psycopg.connect(running.url("kept"), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (words text)")
        connection.execute("INSERT INTO note VALUES ('kept')")
    running.stop()
    assert not running.is_running()
    running.ensure_running()
    with psycopg.connect(running.url("kept")) as connection:
        assert connection.execute("SELECT words FROM note").fetchone() == ("kept",)


def test_it_starts_again_after_being_killed_outright(running):
    pid = int((running.folder / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, 9)
    assert running.ensure_running() is True


def test_a_failing_statement_leaves_no_personal_value_in_its_log(running):
    running.ensure_database("fresh")
    with (
        psycopg.connect(running.url("fresh")) as connection,
        pytest.raises(psycopg.errors.DivisionByZero),
    ):
        connection.execute("SELECT 1 / 0, '12 rue de la Paix'")
    assert "rue de la Paix" not in running.log_file.read_text(errors="replace")


def test_a_long_path_moves_the_socket_where_its_name_fits(tmp_path):
    deep = Cluster(tmp_path / ("d" * 120) / "postgres")
    assert len(str(deep.socket_folder)) < 100
    assert deep.socket_folder != deep.folder.parent / "socket"


def test_a_missing_postgresql_is_said_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "Path", lambda *parts: tmp_path.joinpath("nowhere", *parts[1:]))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram, match="PostgreSQL 15 or newer is not installed") as refusal:
        find_server_programs()
    assert "make setup" in refusal.value.advice


def test_data_of_a_version_no_longer_installed_is_refused_by_that_version():
    with pytest.raises(MissingProgram, match="PostgreSQL 9"):
        find_server_programs("9")
