"""Partners, quarters and files for tests of deposits: invented people, invented streets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from urllib.parse import urlencode

from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from importers.deposits import results, service
from importers.models import Deposit
from observatory.models import Address, Assignment, Level, Organisation, Role, Status, User
from observatory.paths import PROJECT
from tests.factories import a_box, a_perimeter, a_source, a_territory
from tests.importers.matching_town import rows as town_doors

DAY = date(2015, 6, 1)
SINCE = date(2015, 1, 1)
INSIDE, OUTSIDE = "2.3510;48.8510", "2.4010;48.8510"
PASSWORD = "un-mot-de-passe-d-essai"
PATIENCE = 90.0  # seconds; only a failing test waits that long
FORM = {"scheme": "essai", "period_from": "2015-06-01", "period_to": "2015-06-01"}


def a_partner(name: str = "Mission locale", account: str = "") -> User:
    """Return an account of an organisation that may deposit."""
    organisation, _ = Organisation.objects.get_or_create(name=name)
    user = User.objects.create_user(
        account or name.lower().replace(" ", "-"), password=PASSWORD, organisation=organisation
    )
    Assignment.objects.create(user=user, role=Role.PARTNER)
    return user


def a_few_quarters() -> None:
    """Store two quarters, a quarter under watch and the arrondissement around them."""
    for code, box in (
        ("QP075001", a_box(2.35, 48.85, 2.36, 48.86)),
        ("QP075002", a_box(2.357, 48.888, 2.366, 48.8915)),
    ):
        territory = a_territory(Level.QPV, code, f"Quartier {code[-1]}")
        a_perimeter(territory, box, since=SINCE, act="Décret d’essai")
    a_perimeter(a_territory(Level.QVA, "QVA1"), a_box(2.37, 48.85, 2.38, 48.86), since=SINCE)
    around = a_territory(Level.ARRONDISSEMENT, "75118", "Paris 18e")
    a_perimeter(around, a_box(2.2, 48.8, 2.5, 48.95), status=Status.REFERENCE)


def the_towns_addresses() -> None:
    """Store the doors of the small town as the address reference."""
    source = a_source("ban")
    Address.objects.bulk_create(
        Address(
            ban_id=f"door-{place}", number=number, suffix=suffix, street=street, postcode=postcode,
            commune_code=commune, commune_name=name, geom=Point(lon, lat, srid=4326), source=source,
        )
        for place, (number, suffix, street, postcode, commune, name, lon, lat) in enumerate(
            town_doors()
        )
    )  # fmt: skip


def a_list(inside: int, outside: int, lost: int = 0) -> str:
    """Return a table of points: in a quarter, outside, and without a place."""
    rows = [INSIDE] * inside + [OUTSIDE] * outside + ["0;0"] * lost
    return "ref;lon;lat\n" + "\n".join(f"R{n};{row}" for n, row in enumerate(rows))


def upload(text: str | bytes, name: str = "liste.csv") -> SimpleUploadedFile:
    """Return a file as a browser sends it."""
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def deposited(user: User, text: str | bytes, name: str = "liste.csv", **ask) -> Deposit:
    """Return a deposit whose columns are recognised and not yet confirmed."""
    told = {"scheme": "essai", "period_from": DAY, "period_to": DAY, **ask}
    return service.take(upload(text, name), service.Ask(**told), user)


def fates(deposit: Deposit) -> dict[str, int]:
    """Return how many rows ended where, without zeros."""
    told = results.exact_result(deposit)["fates"]
    return {name: count for name, count in told.items() if count}


# -- processes -----------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """Return the environment of a process on the test's own database."""
    held = connection.settings_dict
    words_of = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST",
                "port": "PORT"}  # fmt: skip
    query = urlencode({name: held[key] for name, key in words_of.items() if held[key]})
    return {**os.environ, "DATABASE_URL": f"postgresql://?{query}"}


@contextmanager
def process(*words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of the project until the block ends."""
    running = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=PROJECT,
        env=environment() | more,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        kill(running)


def a_worker(*words: str):
    """Run a worker until the block ends."""
    return process("observatory", "procrastinate", "worker", *words)


def kill(running: subprocess.Popen[bytes]) -> None:
    """End a process and all it started, at once (kill -9)."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def until(true: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit, f"never happened: {what}"
        time.sleep(0.02)


def make_dead_workers_old() -> None:
    """Half a minute must pass before a silent worker is taken for dead: let it have passed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '10 minutes'"
        )


def empty_queue() -> None:
    """Forget all jobs: the queue's tables are not Django's to empty."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
