"""The short way for public tiles: answered before Django, from kept files or one statement.

A map asks for dozens of tiles at once, and most have been drawn before. This WSGI application
stands in front of Django's and answers exactly the requests it can answer with certainty:
well-formed ones, for layers open to everybody. Everything else goes through Django, which
knows the person asking and words every refusal. The rights, the checks and the SQL are the
same ones (layers.access, layers.tiles).
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs

import psycopg
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from layers.access import open_to_all
from layers.caching import ASK_AGAIN, FOREVER, etag_of, takes_gzip, unmet
from layers.errors import LayersError, TookTooLong
from layers.kept import KeptTiles, Key
from layers.parameters import Value, read_all
from layers.prepared import Prepared
from layers.registry import REGISTRY, Layer, parameters_of
from layers.tiles import CONTENT_TYPE, REFUSED, Tile, drawn_at, query
from layers.version import version_from, version_of
from observatory.settings import OPTIONS

ADDRESS = re.compile(
    r"/tiles/([a-z0-9_,]{1,400})/([0-9]{1,2})/([0-9]{1,7})/([0-9]{1,7})\.pbf", re.ASCII
)
VERSION = re.compile(r"v=([0-9a-f]{16})", re.ASCII)
# How long the version of a layer, and whether it is open to all, may be remembered. Only
# addresses that carry that very version are answered from memory; see TileGate._found.
REMEMBERED = 1.0
MOST_STATES = 1_000
HEADERS = [
    ("Content-Type", CONTENT_TYPE),
    ("Vary", "Accept-Encoding"),
    ("Access-Control-Allow-Origin", "*"),
    ("X-Content-Type-Options", "nosniff"),
]

log = logging.getLogger(__name__)

Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(frozen=True)
class Asked:
    """A request the gate understands."""

    layers: list[Layer]
    names: str
    tile: Tile
    values: dict[str, Value | None]
    version: str

    def key(self, version: str) -> Key:
        """Return where the tile of ``version`` is kept."""
        given = sorted((name, v) for name, v in self.values.items() if v is not None)
        texts = [f"{name}={v.isoformat() if isinstance(v, date) else v}" for name, v in given]
        return Key(self.names, version, "&".join(texts) or "_", *_numbers(self.tile))


@dataclass(frozen=True)
class State:
    """What is known of a set of layers: their version, and whether all may see them."""

    version: str
    public: bool
    until: float


def _numbers(tile: Tile) -> tuple[int, int, int]:
    return tile.z, tile.x, tile.y


def understood(path: str, query_string: str) -> Asked | None:
    """Return the tile an address names; None where Django must answer."""
    found = ADDRESS.fullmatch(path)
    if not found:
        return None
    version = VERSION.fullmatch(query_string)
    try:
        tile = Tile.parse(*found.groups()[1:])
        # As everybody sees them: nothing is answered before that is known (see State.public).
        layers = [layer.within(None) for layer in REGISTRY.parse(found[1])]
        drawn_at(layers, tile.z)
        given = {} if version else parse_qs(query_string, keep_blank_values=True)
        said = given.pop("v", [""])
        values = read_all(parameters_of(layers), given.items())
    except (LayersError, ValueError):
        return None
    names = ",".join(layer.id for layer in layers)
    return Asked(layers, names, tile, values, version[1] if version else said[-1])


class Drawer:
    """Draws tiles over connections of its own, with plans made once.

    The connection used last is used first: its server process still has at hand what tiles are
    made of, and there are never more connections than tiles drawn at one moment.
    """

    def __init__(self) -> None:
        self._free: list[Prepared] = []  # a list gives and takes at its end whole, whatever thread

    def close(self) -> None:
        """Give the connections back that draw nothing."""
        while self._free:
            self._free.pop().connection.close()

    def draw(self, asked: Asked) -> tuple[str, bytes]:
        """Return version and bytes of a tile, of one moment. Raises psycopg.Error."""
        text, bound = query(asked.layers, asked.tile, asked.values)
        stamps, body = self._row(text, bound)
        return version_from(asked.layers, stamps.decode()), body

    def _row(self, text: str, bound: dict[str, Any]) -> Sequence[bytes]:
        while True:
            try:
                prepared, known = self._free.pop(), True
            except IndexError:
                prepared, known = Prepared(psycopg.connect(**connection_settings())), False
            try:
                return prepared.row(text, bound)
            except psycopg.OperationalError:
                # The database was started again since: another connection, until a new one.
                if not (known and prepared.connection.closed):
                    raise
            finally:
                if not prepared.connection.closed:
                    self._free.append(prepared)


def connection_settings() -> dict[str, Any]:
    """Return how a tile connection is opened: Django's database, read only, bounded in time."""
    stored = settings.DATABASES["default"]
    # Whatever the tile, an index scan over a bounded number of rows is right (see the steps of
    # layers/declarations.py): one plan fits all, and planning would cost more than drawing.
    options = (
        f"-c statement_timeout={OPTIONS.tile_timeout_ms} -c plan_cache_mode=force_generic_plan "
        "-c default_transaction_read_only=on"
    )
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    given = {name: stored[key] for name, key in names.items()} | {"port": stored["PORT"]}
    given = {name: value for name, value in given.items() if value}
    extra = {**stored["OPTIONS"], "application_name": "observatory tiles", "options": options}
    return {**extra, **given, "autocommit": True}


class TileGate:
    """The WSGI application in front of Django's."""

    def __init__(self, application: Application, kept: KeptTiles) -> None:
        self.application = application
        self.kept = kept
        self.drawer = Drawer()
        self._states: dict[str, State] = {}

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer a public tile, or hand the request on."""
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            asked = understood(environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", ""))
            answer = self._answer(asked, environ) if asked else None
            if answer is not None:
                status, headers, body = answer
                start(status, headers)
                return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        return self.application(environ, start)

    def _answer(
        self, asked: Asked, environ: dict[str, Any]
    ) -> tuple[str, list[tuple[str, str]], bytes] | None:
        compressed = takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        try:
            found = self._found(asked, compressed)
        except TookTooLong as error:  # another attempt would take as long: Django words it
            environ[REFUSED] = error
            return None
        except (psycopg.Error, DatabaseError):
            return None  # Django asks again and words the failure
        except OSError as error:  # nothing can be kept: Django draws each tile anew
            log.warning("The kept tiles cannot be used: %s.", error)
            return None
        if found is None:
            return None
        key, body, is_compressed = found
        etag = etag_of(key.version, public=True, compressed=is_compressed)
        lasting = FOREVER if asked.version == key.version else ASK_AGAIN
        refused = unmet(environ, etag)
        if refused and refused.startswith("412"):
            lasting = "no-store"  # one request's own: no cache may hand it to another
        headers = [*HEADERS, ("ETag", etag), ("Cache-Control", lasting)]
        if refused:
            return refused, headers, b""
        headers.append(("Content-Length", str(len(body))))
        if is_compressed:
            headers.append(("Content-Encoding", "gzip"))
        return "200 OK", headers, body

    def _found(self, asked: Asked, compressed: bool) -> tuple[Key, bytes, bool] | None:
        """Return a kept tile, or one drawn unless another request has just done it.

        Memory is trusted only where the address names the version remembered.
        """
        state = self._states.get(asked.names)
        now = time.monotonic()
        if state is None or state.until < now or asked.version != state.version:
            state = self._look(asked)
        if not state.public:
            return None
        key = asked.key(state.version)
        kept = self.kept.get(key, compressed)
        if kept is not None:
            return key, *kept
        return self.kept.get_or_make(key, compressed, lambda: self._make(asked, state))

    def _make(self, asked: Asked, state: State) -> tuple[Key, bytes] | None:
        """Draw a tile, unless it turns out to be for some people only. Raises TookTooLong."""
        try:
            version, body = self.drawer.draw(asked)
        except psycopg.errors.QueryCanceled:
            raise TookTooLong(OPTIONS.tile_timeout_ms) from None
        # Rights are part of the version: another one than expected must be looked at again.
        if version != state.version and not self._look(asked).public:
            return None
        return asked.key(version), body

    def _look(self, asked: Asked) -> State:
        """Ask the database for the version of the layers and whether all may see them."""
        try:
            # The version first: rights that change in between belong to a later version.
            version = version_of(asked.layers)
            public = open_to_all(asked.layers)
        finally:
            close_old_connections()
        if len(self._states) >= MOST_STATES:
            self._states.clear()
        state = State(version, public, time.monotonic() + REMEMBERED)
        self._states[asked.names] = state
        return state
