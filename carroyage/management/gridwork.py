"""Making, publishing and checking grids, with a run record of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from carroyage import check, columns, errors, incomes
from carroyage.gridding import GriddedHouseholds, grid_households
from carroyage.management.errors import PlaceNotLoaded
from carroyage.management.gridfiles import read_cells, read_households, write_table
from carroyage.secrecy import PublishedGrid, publish_cells
from observatory.errors import ObservatoryError
from observatory.lifecycle.shapes import shapes_of
from observatory.models import Level, Perimeter, Run
from observatory.plain import plain
from observatory.runs import Progress, checksum, recorded, silent

MAKE, PUBLISH, CHECK = "grid make", "grid publish", "grid check"
REFUSALS = (errors.CarroyageError, ObservatoryError)
PLACES = (Level.ARRONDISSEMENT, Level.COMMUNE, Level.DEPARTMENT)
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
    echo: Progress = silent,
) -> Run:
    """Sum household records by cell into a file; list unusable records apart.

    Raises
    ------
    MissingColumns, NothingLeft, MissingWinsorBounds, UnreadableGridFile, UnknownGridFormat
    """
    with recorded(
        MAKE,
        inputs=[checksum(path) for path in files if path.is_file()],
        parameters={**plain(vars(making)), "out": out.name},
        echo=echo,
        refusals=REFUSALS,
    ) as recorder:
        recorder("files read", 0, len(files))
        records = read_households(files)
        recorder("households gridded", 0, len(records))
        made = grid_households(
            records,
            poverty_line=making.poverty_line,
            line=making.line,
            bounds=incomes.BOUNDS_2019 if making.published_bounds else None,
            size=making.size,
            epsg=making.epsg,
        )
        recorder("households gridded", len(records), len(records))
        write_table(made.cells, out)
        if rejected is not None:
            write_table(made.rejected.set_index("row"), rejected)
        recorder.run.counts = _made_counts(made, len(records))
        recorder.run.report = {
            "rejected": {str(k): int(v) for k, v in made.rejected["reason"].value_counts().items()},
            "bounds": plain(dict(made.bounds)),
            "written": checksum(out),
            "notes": [UNPROTECTED],
        }
    return recorder.run


def _made_counts(made: GriddedHouseholds, read: int) -> dict[str, int]:
    return {
        "households_read": read,
        "households_kept": read - len(made.rejected),
        "households_rejected": len(made.rejected),
        "cells": len(made.cells),
        "persons": int(made.cells[columns.PERSONS].sum()),
    }


def publish_grid(
    file: Path,
    folder: Path,
    *,
    min_households: int = columns.MIN_HOUSEHOLDS,
    suffix: str = "csv",
    echo: Progress = silent,
) -> Run:
    """Protect true cells as INSEE does, and write the three levels and the residuals.

    Raises
    ------
    ThresholdTooLow, MissingColumns, MissingValues, DuplicateCells, SecrecyBroken,
    UnreadableGridFile
    """
    inputs = [checksum(file)] if file.is_file() else []
    parameters = {"min_households": min_households, "format": suffix}
    with recorded(
        PUBLISH, inputs=inputs, parameters=parameters, echo=echo, refusals=REFUSALS
    ) as recorder:
        recorder("cells protected", 0, 4)
        released = publish_cells(read_cells(file), min_households=min_households)
        levels = {
            "carreaux_200m": released.cells,
            "carreaux_1km": released.kilometres,
            "niveau_naturel": released.natural,
            "residus": released.residuals,
        }
        written = []
        for done, (name, table) in enumerate(levels.items(), start=1):
            path = folder / f"{name}.{suffix}"
            write_table(table, path)
            written.append(checksum(path))
            recorder("cells protected", done, len(levels))
        findings = check.check_grid(released.cells)
        recorder.run.counts = _published_counts(released)
        recorder.run.report = {
            "written": written,
            "residuals": plain(released.residuals.reset_index().to_dict("records")),
            "findings": check.findings_as_dicts(findings),
        }
    return recorder.run


def _published_counts(released: PublishedGrid) -> dict[str, float]:
    return {
        "cells": len(released.cells),
        "cells_imputed": released.imputed_cells,
        "persons_imputed": round(released.imputed_persons, 1),
        "cells_withheld": released.withheld_cells,
        "kilometre_cells": len(released.kilometres),
        "natural_cells": len(released.natural),
    }


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
