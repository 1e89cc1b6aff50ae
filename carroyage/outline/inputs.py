"""What a city brings to the reconstruction: cells always, the rest when it exists."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from carroyage import columns, errors, overlap

REQUIRED = (columns.PERSONS, columns.HOUSEHOLDS, columns.POOR, columns.INCOME_SUM)


@dataclass(frozen=True)
class CityInputs:
    """Everything the reconstruction may use.

    Attributes
    ----------
    cells : DataFrame indexed by cell id, published columns
    territory : outline of the city, any CRS; without it, the cells themselves
    areas : small areas (IRIS) with indicator columns, any CRS, optional
    indicators : names of the indicator columns of ``areas``; incomes are those in euros
    incomes : which of the indicators are amounts (they enter as logarithms)
    addresses : points, with ``street`` and ``commune`` columns when names are to be found
    quarters : the planner's list: ``name``, ``communes`` (codes separated by spaces),
        ``population``, optional ``streets`` (separated by semicolons); no geometry
    divisions : communes or arrondissements with a ``code`` column; with a list, no quarter is
        looked for in a division the list does not name
    epsg : projected system of every measure
    blocks : metres; with addresses, pieces are also cut by blocks of about that width
    """

    cells: pd.DataFrame
    territory: gpd.GeoDataFrame | gpd.GeoSeries | None = None
    areas: gpd.GeoDataFrame | None = None
    indicators: tuple[str, ...] = ()
    incomes: tuple[str, ...] = ()
    addresses: gpd.GeoDataFrame | gpd.GeoSeries | None = None
    quarters: pd.DataFrame | None = None
    divisions: gpd.GeoDataFrame | None = None
    epsg: int = overlap.MEASURED_IN
    vintages: dict[str, str] = field(default_factory=dict)
    blocks: float | None = None

    def __post_init__(self) -> None:
        missing = set(REQUIRED) - set(self.cells.columns)
        if missing:
            raise errors.MissingColumns("cells", missing)
        if self.areas is not None:
            missing = set(self.indicators) - set(self.areas.columns)
            if missing:
                raise errors.MissingColumns("small areas", missing)
        if self.quarters is not None:
            missing = {"name", "communes", "population"} - set(self.quarters.columns)
            if missing:
                raise errors.MissingColumns("listed quarters", missing)
        if self.divisions is not None and "code" not in self.divisions:
            raise errors.MissingColumns("divisions", ["code"])

    def listed_codes(self) -> set[str]:
        """Codes of the divisions where the list puts at least one quarter."""
        if self.quarters is None:
            return set()
        return {code for codes in self.quarters["communes"] for code in str(codes).split()}

    @property
    def has_names(self) -> bool:
        """Whether listed quarters can be looked for among the addresses."""
        return (
            self.quarters is not None
            and isinstance(self.addresses, gpd.GeoDataFrame)
            and {"street", "commune"} <= set(self.addresses.columns)
        )

    def used(self) -> tuple[list[str], list[str]]:
        """Name what can be used and what cannot, for the result to say."""
        found = {
            "cells": True,
            "outline of the territory": self.territory is not None,
            "small areas with incomes": self.areas is not None and bool(self.indicators),
            "addresses": self.addresses is not None,
            "list of quarters": self.has_names,
        }
        if self.blocks is not None:
            found["blocks of addresses"] = self.addresses is not None
        return [k for k, v in found.items() if v], [k for k, v in found.items() if not v]
