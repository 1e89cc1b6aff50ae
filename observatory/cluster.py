"""The private PostGIS server: made, started and stopped inside the project's own folder.

It listens on a Unix socket only, in a folder nobody else may enter, so it can never meet
another server on a port and needs no password. PostgreSQL refuses to run as root; root
therefore lends it to the ``postgres`` account that Debian's package creates.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from observatory.errors import ClusterFailed, MissingProgram
from observatory.paths import home

OLDEST_VERSION = 15
ADMIN_ROLE = "observatory_admin"
APPLICATION_ROLE = "observatory"
TEMPLATE_DATABASE = "template_observatory"
EXTENSIONS = ("postgis", "pg_trgm", "unaccent", "btree_gist")
START_ATTEMPTS = 6
# A Unix socket's path may hold 107 bytes, and PostgreSQL adds its own file name to it.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")

SERVER_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "shared_buffers": "'256MB'",
    "effective_cache_size": "'2GB'",
    "work_mem": "'32MB'",
    "maintenance_work_mem": "'256MB'",
    "max_wal_size": "'2GB'",
    "random_page_cost": "1.1",
    "jit": "off",  # tiles are short queries: compiling them costs more than it saves
    "timezone": "'UTC'",
    # A failing statement may hold a person's address: its text never reaches the log.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}


def find_server_programs(version: str | None = None) -> Path:
    """Return the folder that holds ``initdb`` and ``pg_ctl`` of PostgreSQL 15 or newer.

    ``version`` (a major version, as written in PG_VERSION) asks for exactly that one, which
    an existing data folder needs. Raises MissingProgram.
    """
    found: dict[int, Path] = {}
    for root in (Path("/usr/lib/postgresql"), Path("/usr/pgsql")):
        for folder in root.glob("*/bin") if root.exists() else ():
            if folder.parent.name.isdigit() and (folder / "initdb").exists():
                found[int(folder.parent.name)] = folder
    on_path = shutil.which("initdb")
    if on_path and not found:
        said = subprocess.run([on_path, "--version"], capture_output=True, text=True, check=False)
        number = re.search(r"(\d+)", said.stdout)
        if number:
            found[int(number[1])] = Path(on_path).resolve().parent
    wanted = {v: f for v, f in found.items() if v >= OLDEST_VERSION}
    if version:
        wanted = {v: f for v, f in found.items() if str(v) == version}
    if not wanted:
        raise MissingProgram(
            f"PostgreSQL {version or f'{OLDEST_VERSION} or newer'} is not installed.",
            "Run 'make setup', or set DATABASE_URL to use an existing server.",
        )
    return wanted[max(wanted)]


@dataclass(frozen=True)
class Cluster:
    """One private server and the folder it lives in."""

    folder: Path

    @classmethod
    def of_project(cls) -> Cluster:
        """Return the project's own server (made or not)."""
        base = home()
        base.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and not _postgres_can_reach(base):
            # Root's own folder is closed to the account that runs the server.
            mark = hashlib.sha256(str(base).encode()).hexdigest()[:12]
            base = Path("/var/lib/observatory") / mark
            base.mkdir(parents=True, exist_ok=True)
        return cls(base / "postgres")

    @cached_property
    def socket_folder(self) -> Path:
        """Folder of the Unix socket: beside the data, or a short one where that is too long."""
        beside = self.folder.parent / "socket"
        if len(str(beside).encode()) <= LONGEST_SOCKET_FOLDER:
            return beside
        mark = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"observatory-{os.geteuid()}-{mark}"

    @property
    def log_file(self) -> Path:
        """File the server writes its messages to."""
        return self.folder.parent / "postgres.log"

    def url(self, database: str) -> str:
        """Return the connection string of ``database`` for the application's role."""
        return f"host={self.socket_folder} user={APPLICATION_ROLE} dbname={database}"

    def is_running(self) -> bool:
        """Tell whether the server answers."""
        try:
            with self._connect("postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def ensure_running(self) -> bool:
        """Make the server where there is none and start it; return whether it was started now."""
        if self.is_running():
            return False
        with self._lock():
            if self.is_running():
                return False
            if not (self.folder / "PG_VERSION").exists():
                self._create()
            self._start()
            self._prepare_roles_and_template()
        return True

    def stop(self) -> None:
        """Stop the server cleanly; does nothing where it is down."""
        if (self.folder / "postmaster.pid").exists():
            self._pg_ctl("stop", "-m", "fast", "-w")

    def ensure_database(self, name: str) -> bool:
        """Create ``name`` from the template where it is missing; return whether it was."""
        with self._connect("postgres") as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if row.fetchone():
                return False
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    *map(sql.Identifier, (name, TEMPLATE_DATABASE, APPLICATION_ROLE))
                )
            )
            return True

    # -- making and starting ------------------------------------------------------------

    def _create(self) -> None:
        programs = find_server_programs()
        self._own_folder(self.folder)
        arguments = ["-D", str(self.folder), "-U", ADMIN_ROLE, "--auth=trust"]
        self._as_server_account(
            [str(programs / "initdb"), *arguments, "--encoding=UTF8", "--locale=C.UTF-8", "-N"],
            "The private database could not be made.",
        )

    def _start(self) -> None:
        self._own_folder(self.socket_folder)
        self._own_file(self.log_file)
        self._write_settings()
        for attempt in range(START_ATTEMPTS):
            try:
                self._pg_ctl("start", "-w", "-t", "60", "-l", str(self.log_file))
                return
            except ClusterFailed:
                # After a kill, the old server's last processes hold its memory for a moment.
                if attempt == START_ATTEMPTS - 1:
                    raise
                time.sleep(1)

    def _write_settings(self) -> None:
        lines = [f"{name} = {value}" for name, value in SERVER_SETTINGS.items()]
        lines.append(f"unix_socket_directories = '{self.socket_folder}'")
        target = self.folder / "observatory.conf"
        target.write_text("\n".join(lines) + "\n")
        main = self.folder / "postgresql.conf"
        include = "include = 'observatory.conf'"
        if include not in main.read_text():
            with main.open("a") as handle:
                handle.write(f"\n{include}\n")
        self._own_file(target)

    def _prepare_roles_and_template(self) -> None:
        with self._connect("postgres") as connection:
            role = "SELECT 1 FROM pg_roles WHERE rolname = %s"
            if not connection.execute(role, [APPLICATION_ROLE]).fetchone():
                # Not a superuser: row-level security must bind the application as well.
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(
                        sql.Identifier(APPLICATION_ROLE)
                    )
                )
            exists = "SELECT datistemplate FROM pg_database WHERE datname = %s"
            row = connection.execute(exists, [TEMPLATE_DATABASE]).fetchone()
            if row and row[0]:
                return
            if not row:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(
                        sql.Identifier(TEMPLATE_DATABASE)
                    )
                )
        self._fill_template()

    def _fill_template(self) -> None:
        with self._connect(TEMPLATE_DATABASE) as connection:
            for extension in EXTENSIONS:
                connection.execute(
                    sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
                )
            connection.execute(
                sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(
                    sql.Identifier(APPLICATION_ROLE)
                )
            )
        with self._connect("postgres") as connection:
            connection.execute(
                sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE true").format(
                    sql.Identifier(TEMPLATE_DATABASE)
                )
            )

    # -- small helpers ------------------------------------------------------------------

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket_folder),
            user=ADMIN_ROLE,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _pg_ctl(self, *arguments: str) -> None:
        programs = find_server_programs((self.folder / "PG_VERSION").read_text().strip())
        self._as_server_account(
            [str(programs / "pg_ctl"), "-D", str(self.folder), *arguments],
            f"The private database did not {arguments[0]}; see {self.log_file}.",
        )

    def _as_server_account(self, command: list[str], failure: str) -> None:
        # Not the caller's folder: the server's account may not be allowed to enter it. Output
        # goes to a file, because the server inherits a pipe and would keep it open for ever.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                command,
                cwd="/",
                stdout=said,
                stderr=said,
                stdin=subprocess.DEVNULL,
                check=False,
                **_as(_server_account()),
            )
            said.seek(0)
            output = said.read().decode(errors="replace").strip()
        if done.returncode:
            raise ClusterFailed(f"{failure}\n{output}", "'make setup' repairs the installation.")

    def _own_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = _server_account()
        owner = account.pw_uid if account else os.geteuid()
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        if folder.stat().st_uid != owner:
            raise ClusterFailed(
                f"{folder} belongs to another account.", "Remove it, or set OBSERVATORY_HOME."
            )
        folder.chmod(0o700)

    def _own_file(self, file: Path) -> None:
        file.touch(exist_ok=True)
        account = _server_account()
        if account:
            os.chown(file, account.pw_uid, account.pw_gid)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.folder.parent / "cluster.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _server_account() -> pwd.struct_passwd | None:
    """Return the account that must run the server, or None where it is the caller's own."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise MissingProgram(
            "PostgreSQL refuses to run as root and there is no 'postgres' account.",
            "Run 'make setup', or use an ordinary account.",
        ) from None


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return what makes ``subprocess`` run a program as that account (None: the caller)."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _postgres_can_reach(folder: Path) -> bool:
    account = _server_account()
    if account is None:
        return True
    check = ["/usr/bin/test", "-x", str(folder)]
    return subprocess.run(check, cwd="/", check=False, **_as(account)).returncode == 0
