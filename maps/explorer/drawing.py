"""What the browser needs to draw a map of an indicator over outlines it already has.

Tiles of outlines are joined to figures by the perimeter's id. The classes are the server's: the
browser only paints, so that map, legend, table and files cannot disagree, and another indicator
needs no other tile.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from maps.choice import citation_of
from maps.thematicmap import ThematicMap
from observatory.models import Level, Territory

# The layer of outlines each level is drawn on (layers/declarations.py).
LAYERS = {
    Level.QPV: "qpv",
    Level.QVA: "qva",
    Level.ARRONDISSEMENT: "arrondissements",
    Level.COMMUNE: "communes",
    Level.IRIS: "iris",
}


def as_json(drawn: ThematicMap) -> dict[str, Any]:
    """Return the drawing: ids are those of perimeters, as tiles give them."""
    told, frame = drawn.told, drawn.frame
    assert told is not None  # noqa: S101 - only a map that tells is drawn
    return {
        "query": drawn.choice.query(),
        "title": told.title,
        "year": told.year,
        "years": sorted(told.years),
        "layer": LAYERS[Level(drawn.choice.level)],
        "generation": _generation(drawn),
        "classes": [
            {
                "colour": key.colour,
                "words": key.words,
                "count": key.count,
                "ids": _ids(drawn, (frame["class"] == key.number).to_numpy()),
            }
            for key in drawn.keys
        ],
        "absent": [
            {"kind": kind, "words": words, "ids": ids}
            for kind, words, mask in (
                ("nodata", _("sans donnée"), drawn.missing),
                ("few", _("retenu : trop peu de personnes"), drawn.withheld),
            )
            if (ids := _ids(drawn, mask))
        ],
        "circles": _circles(drawn),
        "sizes": [{"diameter": size, "words": words} for size, words in drawn.circles()]
        if told.additive
        else [],
        "values": {str(row.perimeter): str(drawn.figure(row)) for row in frame.itertuples()},
        "source": citation_of(frame, told),
    }


def _ids(drawn: ThematicMap, mask: Any) -> list[int]:
    return [int(one) for one in drawn.frame.loc[mask, "perimeter"]]


def _generation(drawn: ThematicMap) -> str | None:
    """Return the generation whose tiles hold these quarters, None where there is but one kind."""
    of_first = Territory.objects.filter(pk=int(drawn.frame["id"].iloc[0]))
    found = of_first.values_list("generation", flat=True).first()
    return None if found is None else str(found)


def _circles(drawn: ThematicMap) -> list[dict[str, Any]]:
    """Return the circles, largest first: small ones are drawn over them and stay in sight."""
    if drawn.told is None or not drawn.told.additive:
        return []
    known = drawn.frame.dropna(subset=["value"]).sort_values("value", ascending=False)
    points = known.representative_point().to_crs(4326)
    return [
        {
            "id": int(perimeter),
            "point": np.round([point.x, point.y], 6).tolist(),
            "diameter": round(drawn.diameter(float(value)), 2),
        }
        for perimeter, point, value in zip(known["perimeter"], points, known["value"], strict=True)
    ]
