"""Building zones on what is loaded, with a run record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from carroyage import errors, store
from carroyage.lines import Line, LineInput, decree_line, median_input, stated_line
from carroyage.management import zone_store
from carroyage.management.wanted import Wanted
from carroyage.models import GridDataset, Origin
from carroyage.scores import MAJORITY_LOW_INCOME, SHARE_POOR, find_score, with_columns
from carroyage.zones import Rules, Zones, zones_by
from observatory.models import Run, Source
from observatory.plain import plain
from observatory.runs import Progress, recorded, silent

UNIT = "urban_unit"


@dataclass(frozen=True)
class Prepared:
    """Cells ready for the engine, and what was done to ready them."""

    dataset: GridDataset
    score: str
    cells: pd.DataFrame
    lines: Mapping[str, Line] | Line | None
    by_unit: bool

    def explain_lines(self) -> list[str]:
        """Return each line with the inputs it comes from."""
        if self.lines is None:
            return []
        if isinstance(self.lines, Line):
            return [self.lines.explain()]
        return [f"Urban unit {code}: {line.explain()}" for code, line in self.lines.items()]


def prepare(wanted: Wanted) -> Prepared:
    """Choose the cells and the line: household records where they are loaded, else public cells."""
    records = store.latest_dataset(Origin.RECORDS, wanted.vintage)
    published = store.latest_dataset(Origin.PUBLISHED, wanted.vintage)
    score = wanted.score or _default_score(records, wanted)
    if score == MAJORITY_LOW_INCOME.name:
        return _from_records(records, score, wanted)
    if published is None:
        raise errors.NothingToZone("published cells")
    cells = with_columns(store.read_cells(published, columns_needed(score)), find_score(score))
    return _with_units(published, score, cells, None)


def columns_needed(score: str) -> list[str]:
    """Return the published columns that zoning by this score and its sums need."""
    declared = find_score(score)
    needed = ["ind", "men", "men_pauv", "ind_snv", *declared.needs]
    return list(dict.fromkeys(needed))


def _default_score(records: GridDataset | None, wanted: Wanted) -> str:
    by_line = store.has_incomes(records) or wanted.names_a_line
    return (MAJORITY_LOW_INCOME if by_line else SHARE_POOR).name


def _from_records(records: GridDataset | None, score: str, wanted: Wanted) -> Prepared:
    lines = lines_of(wanted) if wanted.names_a_line else None
    if records is None or not store.has_incomes(records):
        raise errors.NothingToZone("household records")
    lines = lines or lines_of(wanted)
    if isinstance(lines, Line):
        cells = store.read_income_cells(records, lines)
        return _with_units(records, score, cells, lines)
    units = store.units_of_cells(records)
    cells = store.read_income_cells(records, lines, units)
    cells[UNIT] = units.reindex(cells.index)
    return Prepared(records, score, cells, lines, by_unit=True)


def _with_units(
    dataset: GridDataset, score: str, cells: pd.DataFrame, lines: Line | None
) -> Prepared:
    if not store.urban_units():
        return Prepared(dataset, score, cells, lines, by_unit=False)
    cells = cells.assign(**{UNIT: store.units_of_cells(dataset).reindex(cells.index)})
    return Prepared(dataset, score, cells, lines, by_unit=True)


def lines_of(wanted: Wanted) -> Mapping[str, Line] | Line:
    """Return the line asked for, or the decree's line of each loaded urban unit."""
    if wanted.line is not None:
        return stated_line(wanted.line, "declared income per consumption unit", "command line")
    if not wanted.names_a_line:
        return _decree_lines_of_units()
    national, local = wanted.national_median, wanted.urban_unit_median
    if national is None or local is None or wanted.urban_unit_population is None:
        raise errors.NoLineInputs
    return decree_line(national, local, wanted.urban_unit_population)


def _decree_lines_of_units() -> Mapping[str, Line]:
    lines = {}
    for unit in store.urban_units():
        if unit.median is None or unit.national_median is None or unit.population is None:
            continue
        told = (str(unit.source), unit.source.vintage)
        lines[unit.code] = decree_line(
            median_input("national median", unit.national_median, *told),
            median_input(f"median of {unit.name}", unit.median, *told),
            LineInput(f"population of {unit.name}", Decimal(unit.population), *told),
        )
    if not lines:
        raise errors.NoLineInputs
    return lines


def build(
    wanted: Wanted, *, again: bool = False, scheduler: str = "", echo: Progress = silent
) -> tuple[Run, bool]:
    """Build zones and store them; return the run and whether it was made now.

    The same request on the same cells gives the run already recorded, unless ``again``. With
    ``scheduler``, the address of a Dask cluster, its workers do it: the same zones.

    Raises
    ------
    NothingToZone, NoLineInputs, NoThreshold, UnknownScore, ClusterUnreachable, ClusterLost
    """
    prepared = prepare(wanted)
    parameters = plain({**asdict(wanted), "score": prepared.score})
    inputs = [store.dataset_facts(prepared.dataset)]
    earlier = Run.objects.filter(
        kind=store.BUILD, state="done", parameters=parameters, inputs=inputs
    ).first()
    if earlier and not again:
        return earlier, False
    with recorded(
        store.BUILD,
        inputs=inputs,
        parameters=parameters,
        echo=echo,
        refusals=(errors.CarroyageError,),
    ) as recorder:
        zones, where = _build(prepared, wanted, scheduler)
        recorder("naming zones", 0, len(zones.table))
        line = _line_of_zone(prepared.lines)
        names = zone_store.names_of(zones)
        zone_store.save_zones(recorder.run, zones, source_of_zones(prepared.dataset), names, line)
        recorder.run.counts = counts_of(zones)
        recorder.run.report = {
            "lines": prepared.explain_lines(),
            "zones": table_of(zones, names),
            "dropped": zones.dropped.to_dict("records"),
            "computed_on": where,
        }
    return recorder.run, True


def _build(prepared: Prepared, wanted: Wanted, scheduler: str) -> tuple[Zones, str]:
    if not scheduler:
        return build_on(prepared, wanted), "this machine"
    # Imported where it is used: Dask takes a second to import.
    from carroyage.distributed.connection import cluster, on_cluster
    from carroyage.distributed.zoning import zones_on_cluster

    with cluster(scheduler) as client:
        return zones_on_cluster(client, prepared.cells, rules_of(prepared, wanted)), on_cluster(
            client
        )


def rules_of(prepared: Prepared, wanted: Wanted, threshold: float | None = None) -> Rules:
    """Return the rules asked for, at the threshold asked for or another one."""
    score = find_score(prepared.score)
    asked = wanted.threshold if threshold is None else threshold
    return Rules(
        score,
        score.threshold if asked is None else asked,
        wanted.contiguity,  # type: ignore[arg-type]  # checked by the command line
        wanted.min_population,
        wanted.min_households,
        wanted.bridge_gaps,
        wanted.fill_holes,
        store.admitted_units(UNIT) if prepared.by_unit else None,
    )


def build_on(prepared: Prepared, wanted: Wanted, threshold: float | None = None) -> Zones:
    """Run the engine on prepared cells, at the threshold asked for or another one."""
    return zones_by(prepared.cells, rules_of(prepared, wanted, threshold))


def counts_of(zones: Zones) -> dict[str, int]:
    """Return what a run says in numbers."""
    return {
        "cells_read": int(zones.parameters["cells_read"]),
        "cells_selected": int(zones.parameters["cells_selected"]),
        "zones": len(zones.table),
        "dropped": len(zones.dropped),
        "population": round(float(zones.table["ind"].sum())),
    }


def table_of(zones: Zones, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the zones as plain rows."""
    shown = zones.table.assign(name=list(names)).reset_index()
    kept = ["zone", "name", "cells", "ind", "men", "men_pauv", "score", UNIT]
    shown = shown[[name for name in kept if name in shown]]
    rows: list[dict[str, Any]] = plain(shown.to_dict("records"))
    return rows


def _line_of_zone(lines: Mapping[str, Line] | Line | None) -> Any:
    if lines is None:
        return None
    if isinstance(lines, Line):
        return float(lines.value)
    return lambda row: float(lines[row[UNIT]].value)


def source_of_zones(dataset: GridDataset) -> Source:
    """Return the source of computed perimeters: the project's own, fed by that set of cells."""
    source, _ = Source.objects.update_or_create(
        code=f"zones-{dataset.source.code}"[:80],
        defaults={
            "title": f"Zones calculées d'après : {dataset.source.title}"[:200],
            "producer": "Observatoire (reconstruction, sans valeur légale)",
            "vintage": dataset.source.vintage,
            "licence": dataset.source.licence,
            "is_demonstration": dataset.source.is_demonstration,
            "cautions": "Reconstruction à partir de carreaux : ce n'est pas le zonage légal.",
        },
    )
    return source
