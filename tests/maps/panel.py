"""The panel of an indicator on the explorer's map, as the server answers it."""

from __future__ import annotations

import json
import re
from typing import Any

from django.test import Client

# Where a screen shows the legend of what is drawn.
DRAWN = "#legend [data-layer=thematic]"


def panel(client: Client, query: str) -> str:
    """Return the panel that this question gets."""
    return client.get(f"/carte/indicateur/?{query}").content.decode()


def drawing(client: Client, query: str) -> dict[str, Any]:
    """Return what the panel tells the map to draw."""
    found = re.search(r'<script id="drawing"[^>]*>(.*?)</script>', panel(client, query), re.DOTALL)
    assert found, "nothing is drawn"
    return json.loads(found[1])
