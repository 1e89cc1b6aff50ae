"""The one entry: draw the territory, check it, write its folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from importers.demonstration import cells, facilities, figures, history, layers, registers
from importers.demonstration.addresses import ban_table
from importers.demonstration.engagements import write_engagements
from importers.demonstration.files import write_csv
from importers.demonstration.manifest import Manifest
from importers.demonstration.promises import keep_promises
from importers.demonstration.territory import (
    Progress,
    Streams,
    Territory,
    draw_territory,
    silent,
)

STEPS = 9


@dataclass(frozen=True)
class Summary:
    """What was written: counts, and the files' paths relative to the folder."""

    seed: int
    persons: int
    households: int
    addresses: int
    blocks: int
    iris: int
    cells: int
    zones: int
    quarters_2015: int
    quarters_2024: int
    files: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a report."""
        return asdict(self)


def write_demonstration(
    folder: Path, *, seed: int = 2014, progress: Progress | None = None
) -> Summary:
    """Write the demonstration territory into a folder.

    Parameters
    ----------
    folder : Path
        Made if missing; files of the same names are replaced.
    seed : int
        The same seed gives the same bytes.
    progress : callable ``(step, done, total)``, optional

    Returns
    -------
    Summary

    Raises
    ------
    DemonstrationError
        The seed cannot hold a promised fact; nothing has then been written.
    """
    tell = progress or silent
    territory = draw_territory(seed, tell)
    keep_promises(territory)
    return _write(territory, Path(folder), seed, tell)


def _write(territory: Territory, folder: Path, seed: int, tell: Progress) -> Summary:
    manifest = Manifest(seed)
    tell("files", 0, STEPS)
    grid = cells.write_grid(territory, folder, manifest)
    tell("files", 1, STEPS)
    cells.write_records(territory, folder, manifest)
    tell("files", 2, STEPS)
    layers.write_boundaries(territory, folder, manifest)
    tell("files", 3, STEPS)
    iris = layers.write_iris(territory, folder, manifest)
    layers.write_perimeters(territory, folder, manifest)
    tell("files", 4, STEPS)
    write_addresses(territory, folder, manifest)
    tell("files", 5, STEPS)
    facilities.write_facilities(territory, folder, manifest, Streams(seed)("facilities"))
    tell("files", 6, STEPS)
    registers.write_registers(territory, folder, manifest)
    history.write_history(territory, folder, manifest)
    tell("files", 7, STEPS)
    figures.write_figures(territory, folder, manifest, Streams(seed)("figures"))
    write_engagements(territory, folder, manifest, Streams(seed)("money"))
    tell("files", 8, STEPS)
    manifest.write(folder)
    tell("files", STEPS, STEPS)
    return _summary(territory, seed, iris, grid, manifest)


def write_addresses(territory: Territory, folder: Path, manifest: Manifest) -> None:
    """Write one file of addresses per département, gzipped, in BAN's layout."""
    table = ban_table(territory.addresses, territory.street_names)
    for department, rows in table.groupby(table["code_insee"].str[:2], sort=True):
        path = f"addresses/adresses-{department}.csv.gz"
        write_csv(folder / path, rows, ";")
        manifest.add(path, "addresses", f"Adresses ({department})", vintage="2024")


def _summary(
    territory: Territory, seed: int, iris: int, grid: pd.DataFrame, manifest: Manifest
) -> Summary:
    return Summary(
        seed=seed,
        persons=int(territory.households["persons"].sum()),
        households=len(territory.households),
        addresses=len(territory.addresses),
        blocks=len(territory.city.shapes),
        iris=iris,
        cells=len(grid),
        zones=sum(1 for zone in territory.zones if zone.plan.quarter),
        quarters_2015=len(territory.legal),
        quarters_2024=len(territory.second),
        files=(*(entry["path"] for entry in manifest.entries), "manifest.toml"),
    )
