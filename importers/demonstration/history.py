"""How the computed zones became the legal quarters: one merge, trims, the decree."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from importers.demonstration import facts
from importers.demonstration.files import to_toml, write_text
from importers.demonstration.layers import block_code
from importers.demonstration.manifest import Manifest
from importers.demonstration.territory import Territory
from importers.demonstration.zones import Zone

AUTHOR = "Ville de Paris et préfecture de Paris (démonstration)"
MERGED = "QP075019"
REASON_MERGE = "Deux zones du 20e arrondissement réunies au terme du dialogue local."
REASON_TRIM = "Périmètre ramené aux îlots, le long des rues."
REASON_BARE = "Zone donnée sous forme de carreaux, à périmétrer : contour mené le long des rues."


def write_history(territory: Territory, folder: Path, manifest: Manifest) -> None:
    """Write ``history.toml``: zones by their cells, then dated operations in order."""
    path = "history/history.toml"
    document = {
        "demonstration": True,
        "generation": 2015,
        "blocks": "boundaries/ilots.geojson",
        "opened": date.fromisoformat(facts.DIALOGUE_DATE),
        "zone": [_zone(territory, zone) for zone in _of_quarters(territory)],
        "operation": _operations(territory),
    }
    write_text(folder / path, to_toml(document))
    manifest.add(
        path, "history", "Des zones calculées aux quartiers légaux", vintage="2014",
        valid=(facts.DIALOGUE_DATE, ""), generation=2015, act=facts.DECREE_2015,
    )  # fmt: skip


def _of_quarters(territory: Territory) -> list[Zone]:
    return sorted((z for z in territory.zones if z.plan.quarter), key=lambda z: z.plan.name)


def anchor_cell(territory: Territory, zone: Zone) -> str:
    """One cell of a zone, which tells it from the others: its first by position."""
    return territory.ground.cell_id(min(zone.cells))


def _zone(territory: Territory, zone: Zone) -> dict[str, Any]:
    return {
        "label": zone.plan.name,
        "quarter": zone.plan.quarter,
        "bare_cells": zone.plan.quarter in facts.BARE_CELLS,
        "anchor": anchor_cell(territory, zone),
        "cells": [territory.ground.cell_id(cell) for cell in sorted(zone.cells)],
    }


def _operations(territory: Territory) -> list[dict[str, Any]]:
    zones = _of_quarters(territory)
    merged = [z for z in zones if z.plan.quarter == MERGED]
    day = date.fromisoformat(facts.DIALOGUE_DATE)
    rows: list[dict[str, Any]] = [
        {"kind": "merge", "date": day, "author": AUTHOR, "reason": REASON_MERGE,
         "inputs": [anchor_cell(territory, z) for z in merged], "result": MERGED}
    ]  # fmt: skip
    for quarter in sorted(territory.legal, key=lambda q: q.code):
        own = [anchor_cell(territory, z) for z in zones if z.plan.quarter == quarter.code]
        reason = REASON_BARE if quarter.code in facts.BARE_CELLS else REASON_TRIM
        rows.append(
            {"kind": "trim", "date": day, "author": AUTHOR, "reason": reason, "inputs": own,
             "result": quarter.code, "blocks": [block_code(b) for b in quarter.blocks]}
        )  # fmt: skip
    rows.append(
        {"kind": "decree", "date": date.fromisoformat(facts.DECREE_DATE), "author": "État",
         "act": facts.DECREE_2015, "reason": "Liste fixée par décret.",
         "result": sorted(q.code for q in territory.legal)}
    )  # fmt: skip
    return [{"number": number, **row} for number, row in enumerate(rows, 1)]
