"""What the person may add to a file: the same options for the command, the jobs, a folder."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class LoadOptions(BaseModel):
    """Options of a load; all may be left out. Stored with the run as its parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: str = ""
    source: str = ""
    title: str = ""
    producer: str = ""
    vintage: str = ""
    level: str = ""
    layer: str = ""
    crs: str = ""
    generation: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    act: str = ""
    status: Literal["", "legal", "superseded", "reference", "negotiation"] = ""
    code_column: str = ""
    name_column: str = ""
    size: int | None = None
    contract: str = ""
    sharing: Literal["", "public", "shared", "working"] = ""
    demonstration: bool = False

    def given(self) -> dict[str, Any]:
        """Return what was given, ready for JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)
