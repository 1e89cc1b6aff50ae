"""The comparison as it is asked and read: its charts in words, their tables, their quarters."""

from __future__ import annotations

from maps.comparison.asked import Asked, ask
from maps.comparison.charts import chart_called
from maps.comparison.readings import Reading
from maps.comparison.selection import Selection
from observatory.models import Indicator, Level, Membership, Territory, Typology
from observatory.models.reviews import TypologyClass
from tests.factories import a_perimeter, a_source, a_territory
from tests.maps.facts import a_share, public_source
from tests.maps.screen import plain


def quarter(code: str) -> Territory:
    """Return the quarter of that code."""
    return Territory.objects.get(code=code)


def asked(indicators: tuple[str, ...] = ("poverty-rate",), **more) -> Asked:
    """Return the comparison of the quarters of the contract, as everybody may see it."""
    return ask(None, Selection(within="contract:CV1", indicators=indicators, **more))


def reading(kind: str, code: str = "poverty-rate", **more) -> Reading | None:
    """Return what a chart says; None where there is no such chart."""
    shown = chart_called(asked((code,), **more), kind, code)
    return None if shown is None else shown.reading


def said(kind: str, code: str = "poverty-rate", **more) -> str:
    """Return the sentences of a chart."""
    return plain(" ".join(reading(kind, code, **more).sentences))


def cells(told: Reading) -> dict[str, list[str]]:
    """Return the table beside a chart, by the name of each row."""
    return {name: [plain(str(cell)) for cell in row] for _code, name, row in told.rows}


def with_nation(share: float = 14.0) -> Territory:
    """Store the country and its share in two of the three years."""
    country = a_territory(Level.COUNTRY, "FR", "France entière", source=public_source())
    poverty = Indicator.objects.get(code="poverty-rate")
    for year in (2019, 2021):
        a_share(poverty, country, year, share, 100)
    return country


def another_quarter(code: str = "QN075903", name: str = "Tiers") -> Territory:
    """Store one more quarter of the contract, without any figure."""
    found = a_territory(Level.QPV, code, name, generation=2024)
    a_perimeter(found)
    contract = Territory.objects.get(code="CV1")
    Membership.objects.create(member=found, container=contract, source=a_source())
    return found


def a_typology() -> Typology:
    """Store two classes of 2021, one quarter in each."""
    codes = ["poverty-rate", "median-income"]
    made = Typology.objects.create(
        name="Deux classes, 2021",
        parameters={"indicators": codes, "year": 2021, "count": 2},
        facts={"sources": [{"producer": "Insee", "title": "Tableau d’essai", "vintage": "2021"}]},
    )
    for code, number in (("QN075901", 1), ("QN075902", 2)):
        TypologyClass.objects.create(
            typology=made, territory=quarter(code), number=number, score=2.0 - number,
            stability=0.875, difficulties=1, known=2,
        )  # fmt: skip
    return made
