"""The lines of follow-up sheets with the rate told beside the one worked out again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from maps.figures import Figure
from maps.followup.words import FORMULAS
from observatory.figures.rates import POINTS, Rate, rate_of
from observatory.figures.visible import gated_results
from observatory.models import SheetResult, Standing


@dataclass(frozen=True)
class Line:
    """One line of a sheet as it may be printed."""

    result: Any
    rate: Rate

    @property
    def formula(self) -> Any:
        """Return how the rate is worked out, in words."""
        return FORMULAS[self.result.formula]

    @property
    def previous(self) -> Figure:
        """Return the result of the year before."""
        return self._figure(self.result.shown_previous)

    @property
    def target(self) -> Figure:
        """Return the target."""
        return self._figure(self.result.target)

    @property
    def value(self) -> Figure:
        """Return the result."""
        return self._figure(self.result.shown_result)

    @property
    def declared(self) -> Figure:
        """Return the rate the document tells."""
        return self._rate(self.result.shown_declared)

    @property
    def computed(self) -> Figure:
        """Return the rate worked out again; none where the result is withheld."""
        return self._rate(None if self.result.withheld else self.rate.computed)

    @property
    def disagrees(self) -> bool:
        """Tell whether both rates are known and differ by more than rounding."""
        return self.rate.agrees is False and not self.result.withheld

    def _figure(self, value: float | None) -> Figure:
        decimals = 0 if value is None or float(value).is_integer() else 1
        hidden = Standing.WITHHELD if self.result.withheld else ""
        return Figure(value, self.result.unit, decimals, str(hidden))

    def _rate(self, value: float | None) -> Figure:
        decimals = 0 if value is None or float(value).is_integer() else 1
        return Figure(value, _("pts") if self.rate.unit == POINTS else "%", decimals)


def lines_of(sheets: Any) -> Iterable[Line]:
    """Return the lines of some sheets, small counts of persons withheld."""
    rows = gated_results(SheetResult.objects.filter(sheet__in=sheets))
    for row in rows.select_related("sheet", "indicator").order_by("-sheet__year", "order"):
        yield Line(row, rate_of(row))
