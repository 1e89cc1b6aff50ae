"""Every load goes through here: one recorded run, one report, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction

from carroyage.errors import CarroyageError
from importers import errors
from importers.addresses import load_addresses
from importers.boundaries import load_boundaries, load_iris
from importers.calendars import load_decisions, load_instances, load_studies
from importers.dictionary import load_dictionary
from importers.errors import ImporterError
from importers.facilities import load_facilities
from importers.files import local_file
from importers.followup import load_schemes, load_sheets
from importers.frameworks import load_crosswalk, load_framework
from importers.funding import load_funding, load_projects
from importers.grid import load_grid
from importers.history import load_history
from importers.households import load_households
from importers.indicators import load_indicators
from importers.options import LoadOptions
from importers.perimeters import load_perimeters
from importers.quarters import load_quarters
from importers.referential import load_referential
from importers.registers import load_memberships, load_quarters_list, load_territories
from importers.report import Report
from importers.sources import contract_of
from importers.statements import load_statements
from observatory.history import acting
from observatory.models import Run, RunState, Source, SourceTerms
from observatory.runs import Progress, checksum, recorded, silent

Loader = Callable[..., Report]
LOADERS: dict[str, Loader] = {
    "grid": load_grid,
    "perimeters": load_perimeters,
    "boundaries": load_boundaries,
    "iris": load_iris,
    "addresses": load_addresses,
    "households": load_households,
    "territories": load_territories,
    "memberships": load_memberships,
    "quarters_list": load_quarters_list,
    "history": load_history,
    "facilities": load_facilities,
    "dictionary": load_dictionary,
    "indicators": load_indicators,
    "referentiel": load_referential,
    "framework": load_framework,
    "crosswalk": load_crosswalk,
    "schemes": load_schemes,
    "sheets": load_sheets,
    "quarters": load_quarters,
    "funding": load_funding,
    "projects": load_projects,
    "statements": load_statements,
    "instances": load_instances,
    "decisions": load_decisions,
    "studies": load_studies,
}
REFUSALS = (ImporterError, CarroyageError)
# What these bring is of one contract.
OF_A_CONTRACT = {
    "referentiel", "framework", "crosswalk", "schemes", "sheets", "quarters", "funding",
    "projects", "statements", "instances", "decisions", "studies",
}  # fmt: skip
# What these bring may be of one contract, or of none: those of the nation are everybody's.
OF_ANYBODY = {"indicators", "facilities"}
KEPT_APART = OF_A_CONTRACT | OF_ANYBODY
ONE_LOAD = 0x10AD  # any number, the same for every process: the lock that loads take


@dataclass(frozen=True)
class Loaded:
    """The end of a load: its run, and its report in full."""

    run: Run
    report: Report

    def as_dict(self) -> dict[str, Any]:
        """Return both as plain data."""
        return {"run": self.run.pk, "state": self.run.state, **self.report.as_dict()}


def kind_of_run(kind: str) -> str:
    """Return the name under which runs of this load are recorded."""
    return f"load {kind}"


def loader_of(kind: str) -> Loader:
    """Return what loads files of ``kind``. Raises UnknownProduct."""
    if kind not in LOADERS:
        known = ", ".join(sorted(LOADERS))
        raise errors.UnknownProduct(f"Nothing is called {kind!r} here.", f"Loads: {known}.")
    return LOADERS[kind]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other process loads; the lock goes with the connection, whatever happens.

    A worker taken for dead may still be at work: its load and the one that replaces it must
    follow each other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_LOAD])
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_LOAD])


def load(
    kind: str,
    path: Path | str,
    options: LoadOptions | None = None,
    *,
    run: Run | None = None,
    echo: Progress = silent,
) -> Loaded:
    """Load one file as one recorded run; ``run`` goes on with one queued earlier.

    Raises
    ------
    ImporterError
        What is wrong with the file; the run is then recorded as refused, with its report.
    """
    options = options or LoadOptions()
    loader = loader_of(kind)
    file = local_file(path)
    parameters = {"kind": kind, **options.given()}
    with (
        one_at_a_time(),
        recorded(
            kind_of_run(kind),
            inputs=[checksum(file)],
            parameters=parameters,
            run=run,
            echo=echo,
            refusals=REFUSALS,
        ) as recorder,
    ):
        with transaction.atomic() if kind in KEPT_APART else nullcontext():
            report = loader(file, options, run=recorder.run, progress=recorder)
            if kind in KEPT_APART:
                _keep_apart(report, options)
        _say_who_may_see(report.facts.get("source", ""), options.sharing, recorder.run)
        recorder.run.counts, recorder.run.report = report.counts(), report.as_dict()
    return Loaded(recorder.run, report)


def _keep_apart(report: Report, options: LoadOptions) -> None:
    """Refuse to replace what a file of the same name brought for another contract.

    Where no contract was said of what stood there, the rows tell: a file that keeps less than
    half of them is no newer version of theirs, unless its series is named.
    """
    source = report.facts.get("source", "")
    before = contract_of(source)
    if before and before != options.contract:
        raise errors.AnotherContract(source, before, options.contract)
    held = report.changed + report.unchanged
    own = before or options.source or report.kind not in OF_ANYBODY
    if not own and report.withdrawn > held:
        raise errors.AnotherSeries(source, held, held + report.withdrawn)


def _say_who_may_see(source: str, sharing: str, run: Run) -> None:
    """Note the reach of a source where the person gave one; without any it is working material."""
    if not sharing or not source:
        return
    with acting(run=run, reason="terms of the source"):
        SourceTerms.objects.update_or_create(
            source=Source.objects.get(code=source), defaults={"sharing": sharing}
        )


def already_loaded(kind: str, path: Path, options: LoadOptions) -> Run | None:
    """Return the run that loaded this very file with these options, if it still holds.

    It does not hold where another file has since replaced what this one gave.
    """
    mark = {"sha256": checksum(path)["sha256"]}
    done = Run.objects.filter(kind=kind_of_run(kind), state=RunState.DONE)
    parameters = {"kind": kind, **options.given()}
    found = done.filter(parameters=parameters, inputs__contains=[mark]).first()
    if found is None:
        return None
    target = found.report.get("facts", {}).get("replaces")
    later = done.filter(pk__gt=found.pk, report__facts__replaces=target)
    return None if later.exclude(inputs__contains=[mark]).exists() else found
