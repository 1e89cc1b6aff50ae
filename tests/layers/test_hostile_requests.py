"""Requests made by chance from the OpenAPI document: no server error, always a clear refusal."""

from collections import Counter
from datetime import timedelta

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from observatory.models import Facility, Indicator, Nature, Observation, Sharing, SourceTerms
from tests.layers.places import square

PROBLEM = "application/problem+json"
BOTH = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture
def unlimited(settings):
    """As many calls as there is time for, from one address."""
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "")


@pytest.fixture
def filled(make_area, make_grid, make_zones, source):
    """A little of everything the outlets may show."""
    from django.contrib.gis.geos import Point

    SourceTerms.objects.create(source=source, sharing=Sharing.PUBLIC)
    quarter = make_area(facts={"population": 1200}).territory
    make_grid()
    make_zones([square(2.36, 48.88)])
    Facility.objects.create(
        source=source, key="1", name="École", category="school", geom=Point(2.35, 48.88, srid=4326)
    )
    indicator = Indicator.objects.create(code="population", label="Pop", nature=Nature.COUNT)
    Observation.objects.create(
        indicator=indicator, territory=quarter, year=2021, value=1200, standing="declared",
        source=source,
    )  # fmt: skip


def hostile_round(base, examples):
    """Ask every operation ``examples`` times each way; return counts and what went wrong."""
    document = schemathesis.openapi.from_dict(Client().get("/api/schema").json())
    document.config.update(base_url=base)
    counted, wrong = Counter(), []
    for found in document.get_all_operations():
        operation = found.ok()
        for mode in BOTH:
            try:
                cases = operation.as_strategy(generation_mode=mode)
            except schemathesis.errors.InvalidSchema as error:
                wrong.append(f"{operation.label}: {error}")
                continue

            @settings(
                max_examples=examples, derandomize=True, database=None, phases=[Phase.generate],
                deadline=timedelta(seconds=60), suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=cases)
            def ask(case):
                answer = case.call(timeout=60)
                counted[answer.status_code] += 1
                complaint = wrong_with(answer)
                if complaint:
                    wrong.append(f"{complaint}: {case.as_curl_command()}")

            try:
                ask()
            except BaseException as error:
                if type(error).__name__ != "Unsatisfiable":  # nothing wrong can be said there
                    raise
    return counted, wrong


def wrong_with(answer):
    """Return what is wrong with an answer, '' where nothing is."""
    kind = answer.headers.get("content-type", [""])[0].split(";")[0]
    if answer.status_code >= 500:
        return f"status {answer.status_code}"
    if b"Traceback" in answer.content:
        return "a stack trace"
    if answer.status_code >= 400:
        if kind != PROBLEM:
            return f"{answer.status_code} as {kind}"
        told = answer.json()
        if not told.get("title") or told.get("status") != answer.status_code:
            return f"an empty problem {told}"
    return ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "examples", [2, pytest.param(45, marks=[pytest.mark.torture, pytest.mark.timeout(3600)])]
)
def test_no_request_brings_the_server_down_or_an_unclear_refusal(
    live_server, filled, unlimited, examples
):
    counted, wrong = hostile_round(live_server.url, examples)
    assert not wrong, "\n".join([f"{len(wrong)} of {sum(counted.values())}", *wrong[:20]])
    assert counted[200] > 0
    assert sum(count for status, count in counted.items() if 400 <= status < 500) > 0
    if examples > 2:
        assert sum(counted.values()) >= 2_000
