"""Making, publishing and checking grids, with a run record of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from carroyage import check, columns, errors, incomes
from carroyage.accumulate import Lines, finish
from carroyage.distributed.connection import cluster, on_cluster
from carroyage.distributed.households import ClusterRead, read_on_cluster
from carroyage.distributed.publishing import publish_on_cluster
from carroyage.management.errors import PlaceNotLoaded
from carroyage.management.gridfiles import TableWriter, household_files, read_cells, write_table
from carroyage.publishing import PART, add_residuals
from carroyage.secrecy import PublishedGrid, publish_in_parts
from carroyage.streaming import ReadHouseholds, read_households
from observatory.errors import ObservatoryError
from observatory.lifecycle.shapes import shapes_of
from observatory.models import Level, Perimeter, Run
from observatory.plain import plain
from observatory.runs import Progress, checksum, recorded, silent

MAKE, PUBLISH, CHECK = "grid make", "grid publish", "grid check"
REFUSALS = (errors.CarroyageError, ObservatoryError)
PLACES = (Level.ARRONDISSEMENT, Level.COMMUNE, Level.DEPARTMENT)
LEVELS = {
    "carreaux_200m": "cells",
    "carreaux_1km": "kilometres",
    "niveau_naturel": "natural",
}
RESIDUALS = "residus"
HERE = "this machine"
UNPROTECTED = "These cells describe single households: publish them before anyone reads them."


@dataclass(frozen=True)
class Making:
    """How households become cells; lines in euros per consumption unit."""

    poverty_line: float
    line: float | Mapping[str, float] | None = None
    published_bounds: bool = False
    size: int = 200
    epsg: int = 3035


def make_grid(
    files: Sequence[Path],
    out: Path,
    making: Making,
    *,
    rejected: Path | None = None,
    scheduler: str = "",
    echo: Progress = silent,
) -> Run:
    """Sum household records by cell into a file; list unusable records apart.

    With ``scheduler``, the address of a Dask cluster, its workers do it: the same bytes.

    Raises
    ------
    MissingColumns, NothingLeft, MissingWinsorBounds, UnreadableGridFile, UnknownGridFormat,
    ClusterUnreachable, ClusterLost
    """
    with recorded(
        MAKE,
        inputs=[checksum(path) for path in files if path.is_file()],
        parameters={**plain(vars(making)), "out": out.name},
        echo=echo,
        refusals=REFUSALS,
    ) as recorder:
        with household_files(
            files, out.parent, lambda done: recorder("households rewritten", done)
        ) as sources:
            read, where = _read(sources, making, scheduler, recorder)
        cells, persons = _write_cells(read, out, making, recorder)
        if rejected is not None:
            write_table(read.rejected.set_index("row"), rejected)
        recorder.run.counts = {
            "households_read": read.records,
            "households_kept": read.records - len(read.rejected),
            "households_rejected": len(read.rejected),
            "cells": cells,
            "persons": persons,
        }
        recorder.run.report = {
            "rejected": {str(k): int(v) for k, v in read.rejected["reason"].value_counts().items()},
            "bounds": plain(dict(read.bounds)),
            "written": checksum(out),
            "computed_on": where,
            "notes": [UNPROTECTED],
        }
    return recorder.run


def _read(
    sources: Sequence[Path], making: Making, scheduler: str, recorder: Progress
) -> tuple[ReadHouseholds | ClusterRead, str]:
    """Read every household, here or on a cluster; return the sums and where they were made."""
    lines = Lines(making.poverty_line, making.line)
    bounds = incomes.BOUNDS_2019 if making.published_bounds else None
    if scheduler:
        with cluster(scheduler) as client:
            read = read_on_cluster(
                client, sources, lines, bounds, making.size, making.epsg, progress=recorder
            )
            return read, on_cluster(client)
    return read_households(
        sources,
        lines,
        bounds,
        making.size,
        making.epsg,
        progress=lambda told: recorder("households read", told.done, told.total),
        details=True,
    ), HERE


def _write_cells(
    read: ReadHouseholds | ClusterRead, out: Path, making: Making, recorder: Progress
) -> tuple[int, int]:
    """Write true cells part after part; return how many there are, and their persons."""
    cells = persons = 0
    with TableWriter(out) as writer:
        for sums in read.parts(PART):
            part = finish(sums, making.size, making.epsg)
            writer.write(part.reset_index())
            cells, persons = cells + len(part), persons + int(part[columns.PERSONS].sum())
            recorder("cells written", cells)
    return cells, persons


def publish_grid(
    file: Path,
    folder: Path,
    *,
    min_households: int = columns.MIN_HOUSEHOLDS,
    suffix: str = "csv",
    scheduler: str = "",
    echo: Progress = silent,
) -> Run:
    """Protect true cells as INSEE does, and write the three levels and the residuals.

    With ``scheduler``, the address of a Dask cluster, its workers do it: the same bytes.

    Raises
    ------
    ThresholdTooLow, MissingColumns, MissingValues, DuplicateCells, SecrecyBroken,
    UnreadableGridFile, ClusterUnreachable, ClusterLost
    """
    inputs = [checksum(file)] if file.is_file() else []
    parameters = {"min_households": min_households, "format": suffix}
    with recorded(
        PUBLISH, inputs=inputs, parameters=parameters, echo=echo, refusals=REFUSALS
    ) as recorder:
        raw = read_cells(file)
        released = Released()
        with ExitStack() as closing:
            writers = {
                name: closing.enter_context(TableWriter(folder / f"{name}.{suffix}"))
                for name in LEVELS
            }
            parts, where = _protected(raw, min_households, scheduler, closing)
            for part in parts:
                released.add(part)
                for name, level in LEVELS.items():
                    writers[name].write(getattr(part, level).reset_index())
                recorder("cells protected", released.counts["cells"], len(raw))
        write_table(released.residuals, folder / f"{RESIDUALS}.{suffix}")
        recorder.run.counts = released.counts
        recorder.run.report = {
            "written": [checksum(folder / f"{name}.{suffix}") for name in (*LEVELS, RESIDUALS)],
            "residuals": plain(released.residuals.reset_index().to_dict("records")),
            "findings": check.findings_as_dicts(check.check_grid(pd.concat(released.cells))),
            "computed_on": where,
        }
    return recorder.run


def _protected(
    raw: pd.DataFrame, min_households: int, scheduler: str, closing: ExitStack
) -> tuple[Iterator[PublishedGrid], str]:
    if not scheduler:
        return publish_in_parts(raw, PART, min_households=min_households), HERE
    client = closing.enter_context(cluster(scheduler))
    parts = publish_on_cluster(client, raw, PART, min_households=min_households)
    return parts, on_cluster(client)


class Released:
    """What was published so far, part after part."""

    def __init__(self) -> None:
        self.cells: list[pd.DataFrame] = []
        self.residuals: Any = None
        self.counts: dict[str, Any] = dict.fromkeys(
            ("cells", "cells_imputed", "persons_imputed", "cells_withheld", "kilometre_cells",
             "natural_cells"), 0,
        )  # fmt: skip

    def add(self, part: PublishedGrid) -> None:
        """Count one more part."""
        self.cells.append(part.cells)
        self.residuals = add_residuals(self.residuals, part.residuals)
        more = {
            "cells": len(part.cells),
            "cells_imputed": part.imputed_cells,
            "persons_imputed": part.imputed_persons,
            "cells_withheld": part.withheld_cells,
            "kilometre_cells": len(part.kilometres),
            "natural_cells": len(part.natural),
        }
        self.counts = {name: self.counts[name] + value for name, value in more.items()}


def check_file(file: Path, places: Sequence[str] = (), *, echo: Progress = silent) -> Run:
    """Look for everything wrong with a published file; nothing is repaired.

    Parameters
    ----------
    places : codes of loaded communes, arrondissements or départements it is meant to cover

    Raises
    ------
    NoCellIds, UnreadableGridFile, PlaceNotLoaded
    """
    inputs = [checksum(file)] if file.is_file() else []
    with recorded(
        CHECK, inputs=inputs, parameters={"places": list(places)}, echo=echo, refusals=REFUSALS
    ) as recorder:
        recorder("cells checked", 0, None)
        cells = read_cells(file)
        findings = check.check_grid(cells, outline_of(places) if places else None)
        rank = [finding.severity for finding in findings]
        recorder.run.counts = {
            "cells": len(cells),
            **{f"{name}s": rank.count(name) for name in ("error", "warning", "note")},
        }
        recorder.run.report = {
            "findings": check.findings_as_dicts(findings),
            "lines": [str(finding) for finding in findings],
        }
        recorder("cells checked", len(cells), len(cells))
    return recorder.run


def outline_of(codes: Sequence[str]) -> gpd.GeoSeries:
    """Return the loaded outlines of some places (EPSG:4326). Raises PlaceNotLoaded."""
    rows = Perimeter.objects.filter(
        territory__code__in=codes, territory__level__in=PLACES, status="reference"
    ).select_related("territory")
    found = {row.territory.code: row for row in rows.order_by("pk")}
    missing = set(codes) - set(found)
    if missing:
        raise PlaceNotLoaded(missing)
    return gpd.GeoSeries(pd.Series(list(shapes_of(found.values()))), crs=4326)
