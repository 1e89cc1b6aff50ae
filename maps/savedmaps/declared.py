"""The maps declared in templates.toml, read once and checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from maps.errors import BadTemplate
from maps.portraits.gridsums import FIGURES
from observatory.models import Level

FILE = Path(__file__).with_name("templates.toml")
LOOKS = ("ground", "outline", "named", "area", "classes", "points")
ITSELF = "itself"


@dataclass(frozen=True)
class Layer:
    """One layer of a map; see templates.toml."""

    look: str
    level: str = ""
    cells: str = ""
    category: str = ""
    needed: bool = False
    load: str = ""


@dataclass(frozen=True)
class MapTemplate:
    """One map that can be opened for any territory of ``opened_for``."""

    key: str
    titles: dict[str, str]
    purposes: dict[str, str]
    opened_for: tuple[str, ...]
    frame: str
    layers: tuple[Layer, ...]

    @property
    def title(self) -> str:
        """Return the title in the page's language."""
        return self.titles[_language()]

    @property
    def purpose(self) -> str:
        """Return what the map is for, in the page's language."""
        return self.purposes[_language()]


def _language() -> str:
    return "en" if (get_language() or "fr").startswith("en") else "fr"


@lru_cache(maxsize=1)
def map_templates() -> dict[str, MapTemplate]:
    """Return the declared maps by key, in the order of the file. Raises BadTemplate."""
    return read_templates(FILE.read_text(encoding="utf-8"))


def read_templates(text: str) -> dict[str, MapTemplate]:
    """Read declarations. Raises BadTemplate where one could not be drawn."""
    told = tomllib.loads(text)
    return {key: _template(key, fields) for key, fields in told.items()}


def _template(key: str, told: dict[str, Any]) -> MapTemplate:
    try:
        found = MapTemplate(
            key,
            {one: told["title"][one] for one in ("fr", "en")},
            {one: told["purpose"][one] for one in ("fr", "en")},
            tuple(told["opened_for"]),
            told["frame"],
            tuple(Layer(**layer) for layer in told["layers"]),
        )
    except (KeyError, TypeError) as error:
        raise BadTemplate(f"The map {key!r} lacks or does not know {error}.", _HELP) from None
    levels = {*found.opened_for, *(layer.level for layer in found.layers), found.frame}
    unknown = levels - set(Level.values) - {"", ITSELF}
    if unknown:
        raise BadTemplate(f"{key!r}: no level is called {min(unknown)!r}.", _HELP)
    for layer in found.layers:
        _check(key, layer)
    return found


_HELP = "maps/savedmaps/templates.toml says what a map is made of."


def _check(key: str, layer: Layer) -> None:
    if layer.look not in LOOKS:
        raise BadTemplate(f"{key!r}: no layer looks like {layer.look!r}.", _HELP)
    if not (layer.level or layer.category):
        raise BadTemplate(f"{key!r}: a layer has neither a level nor a category.", _HELP)
    if layer.cells and layer.cells not in {one.key for one in FIGURES if one.under}:
        raise BadTemplate(f"{key!r}: no share of the cells is called {layer.cells!r}.", _HELP)
