"""Indicators joined to quarters, arrondissements and communes, in every outlet, and safely."""

from datetime import date

import pytest
from django.db import ProgrammingError
from django.test import Client

from layers.registry import REGISTRY
from observatory.figures.visible import visible_observations
from observatory.models import (
    Assignment,
    Indicator,
    Level,
    Membership,
    Nature,
    Observation,
    Role,
    Sharing,
    Source,
    SourceTerms,
    Standing,
)
from observatory.models import Territory as Area
from tests.layers.places import features, place_of, square
from tests.people import client_of, somebody

pytestmark = pytest.mark.django_db
PLACE = place_of(2.355, 48.885, 12)


@pytest.fixture
def make_figure(source):
    """Return a maker of figures; their source is public unless told otherwise."""

    def make(area, value, code="population", year=2021, sharing=Sharing.PUBLIC, **told):
        nature, counts = told.pop("nature", Nature.COUNT), told.pop("counts_persons", False)
        indicator, _ = Indicator.objects.get_or_create(
            code=code,
            defaults={"label": f"Libellé {code}", "nature": nature, "counts_persons": counts},
        )
        of, _ = Source.objects.get_or_create(
            code=f"figures-{sharing or 'untold'}-{told.get('least')}",
            defaults={"title": "Chiffres", "producer": "Ville", "vintage": "2022"},
        )
        if sharing:
            least = told.pop("least", None)
            terms = {"sharing": sharing, "secrecy_threshold": least}
            SourceTerms.objects.get_or_create(source=of, defaults=terms)
        told.setdefault("standing", Standing.DECLARED)
        return Observation.objects.create(
            indicator=indicator, territory=area, year=year, value=value, source=of, **told
        )

    return make


def drawn(client, layer="figures_qpv", query=""):
    answer = client.get(PLACE.url(layer, query))
    assert answer.status_code == 200
    return {
        f["properties"]["code"]: f["properties"] for f in features(answer.content, layer).values()
    }


def as_role(role, territory=None):
    return client_of(somebody(f"{role}-{territory}", role, territory))


def listed(client, layer, query=""):
    answer = client.get(f"/api/layers/{layer}/{query}")
    assert answer.status_code == 200
    return {f["properties"]["code"]: f["properties"] for f in answer.json()["features"]}


class TestPublicFigures:
    @pytest.mark.parametrize(
        ("layer", "level"),
        [
            ("figures_qpv", Level.QPV),
            ("figures_arrondissements", Level.ARRONDISSEMENT),
            ("figures_communes", Level.COMMUNE),
        ],
    )
    def test_each_place_carries_its_figure_with_year_scope_and_source(
        self, visitor, make_area, make_figure, layer, level
    ):
        area = make_area(level, "75118", generation=None).territory
        make_figure(area, 34, nature=Nature.SHARE, numerator=340, denominator=1000, scope="whole")
        (shown,) = drawn(visitor, layer).values()
        assert shown["value"] == 34
        assert (shown["numerator"], shown["denominator"]) == (340, 1000)
        assert (shown["indicator"], shown["year"], shown["scope"]) == ("population", 2021, "whole")
        assert shown["standing"] == "declared"
        assert shown["source"] == "Chiffres, Ville 2022"

    def test_the_same_figure_is_in_every_outlet(self, visitor, make_area, make_figure):
        make_figure(make_area(code="QP1").territory, 1234)
        query = "?indicator=population&year=2021"
        assert drawn(visitor, query=query)["QP1"]["value"] == 1234
        assert listed(visitor, "figures_qpv", query)["QP1"]["value"] == 1234
        (item,) = visitor.get(f"/ogc/collections/figures_qpv/items{query}").json()["features"]
        assert item["properties"]["value"] == 1234
        file = visitor.get(f"/api/layers/figures_qpv/export.geojson{query}")
        assert b'"value": 1234' in b"".join(file.streaming_content)
        document = visitor.get("/tiles/figures_qpv.json" + query).json()
        assert "indicator=population" in document["tiles"][0]
        assert "Chiffres" in document["attribution"]

    def test_indicator_and_year_are_chosen_by_parameters(self, visitor, make_area, make_figure):
        area = make_area(code="QP1").territory
        for value, code, year in ((1, "a", 2019), (2, "a", 2021), (3, "b", 2020)):
            make_figure(area, value, code, year)
        for query, value in (
            ("", 2),  # the first indicator of the dictionary, its latest year
            ("?indicator=a", 2),
            ("?indicator=a&year=2019", 1),
            ("?indicator=b", 3),
        ):
            assert drawn(visitor, query=query)["QP1"]["value"] == value
        assert "value" not in drawn(visitor, query="?indicator=b&year=2019")["QP1"]
        assert "value" not in drawn(visitor, query="?indicator=unheard-of")["QP1"]

    def test_one_year_is_shown_for_all_places(self, visitor, make_area, make_figure):
        make_figure(make_area(code="QP1").territory, 10, year=2021)
        make_figure(make_area(code="QP2").territory, 20, year=2019)
        shown = drawn(visitor)
        assert shown["QP1"]["value"] == 10
        assert "value" not in shown["QP2"]

    def test_the_latest_year_is_that_of_the_generation_shown(self, visitor, make_area, make_figure):
        old = make_area(code="QP1", generation=2015).territory
        new = make_area(code="QN1", generation=2024, shape=square(2.351, 48.881)).territory
        make_figure(old, 10, year=2018)
        make_figure(new, 20, year=2024)
        assert drawn(visitor, query="?generation=2015")["QP1"]["value"] == 10
        assert drawn(visitor)["QN1"]["value"] == 20

    def test_the_whole_year_comes_before_its_parts_and_a_scope_may_be_asked(
        self, visitor, make_area, make_figure
    ):
        area = make_area(code="QP1").territory
        make_figure(area, 10, scope="whole")
        make_figure(area, 4, scope="whole", period="T1")
        make_figure(area, 7, scope="qpv")
        assert drawn(visitor)["QP1"]["value"] == 10
        assert drawn(visitor, query="?scope=qpv")["QP1"]["value"] == 7

    def test_a_place_without_a_figure_is_drawn_without_a_value_never_zero(
        self, visitor, make_area, make_figure
    ):
        make_figure(make_area(code="QP1").territory, 0)
        make_area(code="QP2")
        missing = make_area(code="QP3").territory
        make_figure(missing, None, standing=Standing.NOT_AVAILABLE)
        shown = drawn(visitor)
        assert shown["QP1"]["value"] == 0
        assert "value" not in shown["QP2"]
        assert "standing" not in shown["QP2"]
        assert "value" not in shown["QP3"]
        assert shown["QP3"]["standing"] == "not_available"

    def test_a_new_figure_gives_new_tiles(self, visitor, make_area, make_figure):
        area = make_area(code="QP1").territory
        make_figure(area, 1, year=2020)
        before = visitor.get("/tiles/figures_qpv.json").json()["tiles"]
        make_figure(area, 2, year=2021)
        assert visitor.get("/tiles/figures_qpv.json").json()["tiles"] != before

    @pytest.mark.parametrize(
        "query",
        [
            "year=deux", "year=3000", "indicator=a'b", "indicator=", "scope=everything",
            "indicator=a&indicator=b", "sharing=working", "reach=1",
        ],
    )  # fmt: skip
    def test_a_parameter_that_is_not_one_is_refused(self, visitor, rules, query):
        for address in (PLACE.url("figures_qpv"), "/tiles/figures_qpv.json"):
            answer = visitor.get(f"{address}?{query}")
            assert answer.status_code == 400
            assert answer.headers["Content-Type"] == "application/problem+json"


class TestSmallCounts:
    # value, nature, numerator, denominator, counts persons, the source's own threshold
    CASES = (
        (3, "count", None, None, True, None),
        (5, "count", None, None, True, None),
        (0, "count", None, None, True, None),
        (3, "count", None, None, False, None),
        (8, "count", None, None, True, 11),
        (4, "count", None, None, True, 2),
        (30, "share", 3, 10, True, None),
        (30, "share", 30, 100, True, None),
        (97, "share", 97, 100, True, None),
        (2, "share", None, None, True, None),
        (40, "rate", 40, 4, True, None),
        (3, "median", None, None, True, None),
        (3, "mean", 3, None, True, None),
    )

    def test_the_layer_withholds_exactly_what_the_tables_withhold(
        self, visitor, make_area, make_figure
    ):
        area = make_area(code="QP1").territory
        for place, case in enumerate(self.CASES):
            value, nature, numerator, denominator, counts, least = case
            make_figure(
                area, value, code=f"case-{place}", nature=nature, numerator=numerator,
                denominator=denominator, counts_persons=counts, least=least,
            )  # fmt: skip
        # What subtraction would tell was marked beforehand.
        Observation.objects.filter(indicator__code="case-1").update(betrays=True)
        tables = {o.indicator.code: o for o in visible_observations(None)}
        assert len(tables) == len(self.CASES)
        withheld = 0
        for code, expected in tables.items():
            shown = drawn(visitor, query=f"?indicator={code}")["QP1"]
            for name in ("value", "numerator", "denominator"):
                assert shown.get(name) == getattr(expected, f"shown_{name}"), code
            assert shown["standing"] == expected.shown_standing, code
            withheld += expected.shown_standing == Standing.WITHHELD
        assert 0 < withheld < len(self.CASES)


class TestReach:
    @pytest.fixture
    def contracts(self, make_area, make_figure):
        """Two contracts of one quarter each, with a public, a shared and a working figure."""
        found = {}
        for number in (1, 2):
            shape = square(2.345 + number / 200, 48.88, 0.004)
            quarter = make_area(code=f"QP{number}", shape=shape).territory
            contract = Area.objects.create(
                level=Level.CONTRACT, code=f"C{number}", name="Contrat", source=quarter.source
            )
            Membership.objects.create(member=quarter, container=contract, source=quarter.source)
            for code, sharing in (
                ("a-public", Sharing.PUBLIC),
                ("b-shared", Sharing.SHARED),
                ("c-working", Sharing.WORKING),
                ("d-untold", None),
            ):
                make_figure(quarter, 100 + number, code, sharing=sharing)
            found[number] = contract
        return found

    def values(self, client, layer):
        return {
            (code, indicator): shown["value"]
            for indicator in ("a-public", "b-shared", "c-working", "d-untold")
            for code, shown in listed(client, layer, f"?indicator={indicator}").items()
            if shown["value"] is not None
        }

    def test_the_public_sees_public_figures_only(self, visitor, contracts):
        assert set(self.values(visitor, "figures_qpv")) == {
            ("QP1", "a-public"), ("QP2", "a-public"),
        }  # fmt: skip
        for layer in ("shared_figures_qpv", "working_figures_qpv"):
            assert visitor.get(PLACE.url(layer)).status_code == 404
            assert visitor.get(f"/tiles/{layer}.json").status_code == 404

    def test_a_partner_of_one_contract_sees_its_shared_figures_and_no_other(self, contracts):
        partner = as_role(Role.PARTNER, contracts[1])
        assert set(self.values(partner, "shared_figures_qpv")) == {
            ("QP1", "a-public"), ("QP1", "b-shared"),
        }  # fmt: skip
        assert set(drawn(partner, "shared_figures_qpv")) == {"QP1"}
        assert partner.get(PLACE.url("working_figures_qpv")).status_code == 404
        names = {layer["id"] for layer in partner.get("/tiles").json()["layers"]}
        assert "shared_figures_qpv" in names
        assert "working_figures_qpv" not in names

    def test_the_lead_of_one_contract_sees_its_working_figures(self, contracts):
        lead = as_role(Role.CONTRACT_LEAD, contracts[2])
        assert {code for code, _ in self.values(lead, "working_figures_qpv")} == {"QP2"}
        assert ("QP2", "d-untold") in self.values(lead, "working_figures_qpv")

    def test_an_analyst_of_the_whole_territory_sees_both(self, contracts):
        analyst = as_role(Role.ANALYST)
        assert set(drawn(analyst, "working_figures_qpv")) == {"QP1", "QP2"}

    def test_two_people_never_share_an_answer(self, contracts):
        one = as_role(Role.PARTNER, contracts[1])
        two = as_role(Role.PARTNER, contracts[2])
        for outlet in (PLACE.url("shared_figures_qpv"), "/tiles/shared_figures_qpv.json"):
            mine, theirs = one.get(outlet), two.get(outlet)
            assert mine.headers["Cache-Control"].startswith("private")
            assert mine.headers["ETag"] != theirs.headers["ETag"]
            assert (
                two.get(outlet, headers={"if-none-match": mine.headers["ETag"]}).status_code == 200
            )
        counted = one.get("/ogc/collections/shared_figures_qpv/items").json()["numberMatched"]
        assert counted == 1
        assert (
            as_role(Role.ANALYST)
            .get("/ogc/collections/shared_figures_qpv/items")
            .json()["numberMatched"]
            == 2
        )

    def test_no_parameter_and_no_filter_widens_a_reach(self, contracts):
        partner = as_role(Role.PARTNER, contracts[1])
        for query in ("?code=QP2", "?bbox=2,48,3,49", "?date=2020-01-01", "?generation=2015"):
            assert set(listed(partner, "shared_figures_qpv", query)) <= {"QP1"}
        other = Area.objects.get(code="QP2").perimeters.get().pk
        assert partner.get(f"/api/layers/shared_figures_qpv/{other}").status_code == 404

    def test_a_right_that_has_ended_shows_nothing(self, contracts):
        partner = as_role(Role.PARTNER, contracts[1])
        Assignment.objects.update(valid_from=date(2015, 1, 1), valid_to=date(2020, 1, 1))
        assert partner.get(PLACE.url("shared_figures_qpv")).status_code == 404

    def test_drafts_are_shown_to_those_who_follow_their_contract(self, contracts, make_area):
        for number, contract in contracts.items():
            draft = make_area(Level.ZONE, f"P{number}", status="negotiation").territory
            Membership.objects.create(member=draft, container=contract, source=draft.source)
        lead = as_role(Role.CONTRACT_LEAD, contracts[1])
        assert set(drawn(lead, "negotiations")) == {"P1"}
        assert set(drawn(as_role(Role.ANALYST), "negotiations")) == {"P1", "P2"}
        assert Client().get(PLACE.url("negotiations")).status_code == 404


def test_a_bounded_layer_is_never_drawn_without_knowing_for_whom(make_area):
    """Should an outlet forget to ask who is there, the database gets no statement at all."""
    from layers.tiles import Tile, render

    make_area()
    bounded = [layer for layer in REGISTRY if layer.is_bounded]
    assert bounded
    for layer in bounded:
        with pytest.raises(ProgrammingError, match="parameter missing: reach"):
            render([layer], Tile(PLACE.z, PLACE.x, PLACE.y), {})
