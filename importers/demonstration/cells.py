"""The household records and the cells published from them, protected like the real ones."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from carroyage.columns import PUBLISHED
from carroyage.gridding import grid_households
from carroyage.secrecy import publish_cells
from importers.demonstration import facts, plan
from importers.demonstration.files import write_csv, write_parquet
from importers.demonstration.manifest import Manifest
from importers.demonstration.territory import Territory

VINTAGE = "2021"


def write_records(territory: Territory, folder: Path, manifest: Manifest) -> None:
    """Write the household records, which only the engine may read."""
    path = "households/menages_demonstration_2021.parquet"
    write_parquet(folder / path, territory.households)
    manifest.add(path, "households", "Ménages (fictifs)", vintage=VINTAGE,
                 poverty_line=plan.POVERTY_LINE, declared_line=facts.PARIS_LINE)  # fmt: skip


def write_grid(territory: Territory, folder: Path, manifest: Manifest) -> pd.DataFrame:
    """Write the published 200 m cells, with the columns of the real file; return them."""
    raw = grid_households(territory.households, poverty_line=plan.POVERTY_LINE)
    published = publish_cells(raw.cells).cells
    table = published[list(PUBLISHED)].reset_index(names="idcar_200m")
    path = "grid/carreaux_200m_demonstration_2021.csv"
    write_csv(folder / path, table)
    manifest.add(path, "grid", "Carreaux de 200 m (fictifs)", vintage=VINTAGE, size=200,
                 poverty_line=plan.POVERTY_LINE)  # fmt: skip
    return table
