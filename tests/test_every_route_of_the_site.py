"""Every address of the site, asked as each role: one set of rights for all outlets.

The map server's own addresses are walked by tests/layers/test_every_route_by_role.py. An address
without a line in either table fails the first test.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from importers.deposits import service
from maps.models import Snapshot
from observatory.figures.reviews import freeze
from observatory.models import Role, Scheme, Territory, User
from tests.importers.deposit_makers import FORM, a_list, deposited
from tests.layers.test_every_route_by_role import ROUTES as OF_THE_MAP_SERVER
from tests.maps.facts import build_facts
from tests.maps.promises import CAF, a_followed_contract
from tests.maps.town import IN_QUARTER, Place, build_town
from tests.observatory.figures_makers import a_contract
from tests.people import client_of, somebody
from tests.routes import routes_of

pytestmark = pytest.mark.django_db
TODAY = date(2025, 6, 1)
FRAME = ",".join(str(one) for place in (Place(-1, -1), Place(7, 5)) for one in place.centre)

# Who asks, in the order of the columns. The depositor is a partner whose organisation made the
# deposit, the actor a referent whose organisation fills the open sheet. Two strangers: a referent
# of another contract, and a partner of another organisation.
PEOPLE = {
    "visitor": None,
    "depositor": Role.PARTNER,
    "actor": Role.REFERENT,
    "lead": Role.CONTRACT_LEAD,
    "analyst": Role.ANALYST,
    "committee": Role.COMMITTEE,
    "administrator": Role.ADMINISTRATOR,
    "other contract": Role.REFERENT,
    "other partner": Role.PARTNER,
}
EVERYWHERE = {"depositor", "analyst", "administrator", "other partner"}
ORGANISATIONS = {
    "depositor": "Mission locale", "actor": CAF, "other contract": "Autre ville",
    "other partner": "Autre structure",
}  # fmt: skip
# A file of an open page is as open as its page: these three are enough.
OF_OPEN_FILES = ("visitor", "administrator", "other contract")
FILES = (".pdf", ".svg")

Row = dict[str, int]


def row(*statuses: int) -> Row:
    """Return the status each of PEOPLE is answered with; one alone is everybody's."""
    return dict(zip(PEOPLE, statuses if len(statuses) > 1 else statuses * len(PEOPLE), strict=True))


OPEN, SENT_ON, ONLY_WRITTEN = row(200), row(302), row(405)
# Whose right, everywhere or on a contract, and organisation let them deposit; another
# organisation's deposit does not exist.
DEPOSITORS = ("depositor", "actor", "other contract", "other partner")
SIGN_IN, NOT_KNOWN = 302, 401
DEPOSITS = row(SIGN_IN, 200, 200, 403, 403, 403, 403, 200, 200)
OWN = row(SIGN_IN, 200, 404, 403, 403, 403, 403, 404, 404)
DEPOSITS_API = DEPOSITS | {"visitor": NOT_KNOWN}
OWN_API = OWN | {"visitor": NOT_KNOWN}
NUMBER, OF_API = "beneficiaires/<int:number>/", "api/deposits/<int:number>/"
OF_AREA = r"(?P<level>[a-z_]+)/(?P<code>[^/]+)"
IN_CONTRACT = "?dans=contract:CV1"

# Route → an address of it, and who is answered with what. What destroys comes last in its group.
MAP: dict[str, tuple[str, Row]] = {
    "": ("/", OPEN),
    "carte/indicateur/": ("/carte/indicateur/?indicateur=poverty-rate", OPEN),
    "carte/zone/": ("/carte/zone/", OPEN),
    "carte/carte.qlr": ("/carte/carte.qlr?couches=qpv", OPEN),
    "carte/adresse/": (
        "POST /carte/adresse/",
        row(SIGN_IN, 400, 400, 403, 403, 403, 403, 400, 400),
    ),
    "carte/integrer/": ("/carte/integrer/", OPEN),
    r"^carte/image\.(?P<form>svg|png|pdf)$": (f"/carte/image.svg?couches=qpv&cadre={FRAME}", OPEN),
    "accueil/": ("/accueil/", OPEN),
    "quartiers/": ("/quartiers/", OPEN),
    "quartiers/<slug:layer>.json": ("/quartiers/qpv.json", OPEN),
    "indicateur/": ("/indicateur/", OPEN),
    r"^indicateur/(?P<name>carte|repartition)\.(?P<form>svg|png|pdf)$": (
        "/indicateur/carte.svg?indicateur=poverty-rate",
        OPEN,
    ),
    "et-si/": ("/et-si/", OPEN),
    "et-si/zones.json": ("/et-si/zones.json", OPEN),
    "modeles/": ("/modeles/", OPEN),
    "modeles/<slug:key>/": (f"/modeles/quartiers-ept/{IN_CONTRACT}", OPEN),
    r"^modeles/(?P<key>[a-z0-9-]+)\.(?P<form>svg|png|pdf|csv)$": (
        f"/modeles/quartiers-ept.svg{IN_CONTRACT}",
        OPEN,
    ),
    "glossaire/": ("/glossaire/", OPEN),
    "style/": ("/style/", OPEN),
    "healthz": ("/healthz", OPEN),
    "metrics": ("/metrics", OPEN),  # to programs on this machine; tests/layers asks from afar
    "i18n/setlang/": ("POST /i18n/setlang/", SENT_ON),
    "compte/connexion/": ("/compte/connexion/", OPEN),
    "compte/deconnexion/": ("POST /compte/deconnexion/", SENT_ON),
}
FIGURES: dict[str, tuple[str, Row]] = {
    "comparer/": ("/comparer/", OPEN),
    "comparer/tableau.csv": ("/comparer/tableau.csv", OPEN),
    "comparer/figer/": ("POST /comparer/figer/", SENT_ON),
    # Frozen of what not everybody may see: its maker alone has it.
    "comparer/fige/<uuid:mark>/": (
        "/comparer/fige/{snapshot}/",
        row(404, 404, 404, 200, 404, 404, 404, 404, 404),
    ),
    r"^comparer/(?P<kind>[a-z]+)/(?P<name>[A-Za-z0-9_-]+)\.(?P<form>svg|png|csv)$": (
        f"/comparer/ecarts/poverty-rate.svg{IN_CONTRACT}",
        OPEN,
    ),
    "themes/": ("/themes/", OPEN),
    "themes/<str:contract>/<slug:theme>/": ("/themes/CV1/dictionnaire-revenus/", OPEN),
    "themes/<str:contract>/<slug:theme>/fiche.pdf": (
        "/themes/CV1/dictionnaire-revenus/fiche.pdf",
        OPEN,
    ),
    "portraits/": ("/portraits/", OPEN),
    "portraits/<slug:level>/<str:code>/": ("/portraits/qpv/QN075901/", OPEN),
    "portraits/<slug:level>/<str:code>/portrait.pdf": (
        "/portraits/qpv/QN075901/portrait.pdf",
        OPEN,
    ),
    rf"^portraits/{OF_AREA}/carte\.(?P<form>svg|png)$": (
        "/portraits/qpv/QN075901/carte.svg",
        OPEN,
    ),
    rf"^portraits/{OF_AREA}/(?P<indicator>[a-z0-9-]+)\.(?P<form>svg|png)$": (
        "/portraits/qpv/QN075901/poverty-rate.svg",
        OPEN,
    ),
}
ENGAGEMENTS: dict[str, tuple[str, Row]] = {
    "suivi/": ("/suivi/", OPEN),
    "suivi/erreurs/": ("/suivi/erreurs/", OPEN),
    "suivi/<str:code>/<slug:framework>/": ("/suivi/CV-ESSAI/essai/", OPEN),
    "suivi/<str:code>/fiches/": ("/suivi/CV-ESSAI/fiches/", OPEN),
    "suivi/<str:code>/bilan/<int:year>/": ("/suivi/CV-ESSAI/bilan/2021/", OPEN),
    # A sheet that is not validated yet is its actor's and those who steer the contract.
    "suivi/fiches/<slug:code>/": (
        "/suivi/fiches/vacances-2021/",
        row(404, 404, 200, 200, 200, 404, 200, 404, 404),
    ),
    # 409: it has not been handed in.
    r"suivi/^fiches/(?P<code>[-a-zA-Z0-9_]+)/(?P<name>remettre|valider|renvoyer)/$": (
        "POST /suivi/fiches/vacances-2021/valider/",
        row(SIGN_IN, 404, 403, 409, 403, 404, 409, 404, 404),
    ),
    "suivi/bilans/<int:number>/": (
        "/suivi/bilans/{review}/",
        row(404, 200, 200, 200, 200, 200, 200, 404, 200),
    ),
    # 302 of those who may: on to what they have frozen.
    "suivi/<str:code>/bilan/<int:year>/figer/": (
        "POST /suivi/CV-ESSAI/bilan/2021/figer/",
        row(SIGN_IN, 403, 403, 302, 403, 403, 302, 403, 403),
    ),
}
OF_DEPOSITS: dict[str, tuple[str, Row]] = {
    # Who only reads goes on to what is shared.
    "beneficiaires/": ("/beneficiaires/", row(SIGN_IN, 200, 200, 302, 302, 302, 302, 200, 200)),
    "beneficiaires/nouveau/": ("/beneficiaires/nouveau/", DEPOSITS),
    # Whoever shares the material of a contract reads what is shared for it, by page as by API.
    "beneficiaires/partages/": ("/beneficiaires/partages/", row(SIGN_IN, *[200] * 8)),
    "beneficiaires/adresse/": ("/beneficiaires/adresse/", DEPOSITS),
    NUMBER: ("/beneficiaires/{deposit}/", OWN),
    f"{NUMBER}etat.json": ("/beneficiaires/{deposit}/etat.json", OWN),
    f"{NUMBER}carte.svg": ("/beneficiaires/{deposit}/carte.svg", OWN),
    f"{NUMBER}resultat.csv": ("/beneficiaires/{deposit}/resultat.csv", OWN),
    f"{NUMBER}relecture/": ("/beneficiaires/{deposit}/relecture/", OWN),
    f"{NUMBER}relecture.csv": ("/beneficiaires/{deposit}/relecture.csv", OWN),
    # Its owner's empty form is refused, or sent on to where the deposit stands.
    f"{NUMBER}relecture/<int:row>/": (
        "POST /beneficiaires/{deposit}/relecture/2/",
        OWN | {"depositor": 400},
    ),
    f"{NUMBER}colonnes/": ("/beneficiaires/{deposit}/colonnes/", ONLY_WRITTEN),
    f"{NUMBER}partager/": ("POST /beneficiaires/{deposit}/partager/", OWN | {"depositor": 302}),
    f"{NUMBER}annuler/": ("POST /beneficiaires/{deposit}/annuler/", OWN | {"depositor": 302}),
    f"{NUMBER}purger/": ("POST /beneficiaires/{deposit}/purger/", OWN | {"depositor": 302}),
    f"{NUMBER}supprimer/": ("POST /beneficiaires/{deposit}/supprimer/", OWN | {"depositor": 302}),
}
OF_DEPOSITS_API: dict[str, tuple[str, Row]] = {
    "api/deposits/": ("/api/deposits/", DEPOSITS_API),
    "api/deposits/shared/": (
        "/api/deposits/shared/",
        # Each of them holds the right somewhere, and reads what was deposited for there.
        row(NOT_KNOWN, 200, 200, 200, 200, 200, 200, 200, 200),
    ),
    "api/deposits/lookup/": (
        "POST /api/deposits/lookup/",
        DEPOSITS_API | dict.fromkeys(DEPOSITORS, 400),
    ),
    OF_API: ("/api/deposits/{deposit}/", OWN_API),
    f"{OF_API}result/": ("/api/deposits/{deposit}/result/", OWN_API),
    f"{OF_API}review/": ("/api/deposits/{deposit}/review/", OWN_API),
    f"{OF_API}review.csv": ("/api/deposits/{deposit}/review.csv", OWN_API),
    f"{OF_API}review/<int:row>/": (
        "POST /api/deposits/{deposit}/review/2/",
        OWN_API | {"depositor": 400},
    ),
    f"{OF_API}start/": ("POST /api/deposits/{deposit}/start/", OWN_API | {"depositor": 400}),
    f"{OF_API}share/": ("POST /api/deposits/{deposit}/share/", OWN_API),
    f"{OF_API}cancel/": ("POST /api/deposits/{deposit}/cancel/", OWN_API | {"depositor": 202}),
    f"{OF_API}purge/": ("POST /api/deposits/{deposit}/purge/", OWN_API),
}
GROUPS = (MAP, FIGURES, ENGAGEMENTS, OF_DEPOSITS, OF_DEPOSITS_API)
OF_THE_SITE = {route: told for group in GROUPS for route, told in group.items()}
# So many addresses are asked in one test, as everybody; what a test destroys is made for it again.
AT_ONCE = 6
PARTS = [
    list(group.values())[start : start + AT_ONCE]
    for group in GROUPS
    for start in range(0, len(group), AT_ONCE)
]


@pytest.fixture
def named(tmp_path, monkeypatch, settings) -> dict[str, Any]:
    """Store a little of everything; return the people, and what addresses name."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "")
    build_town()
    build_facts()
    contract = a_followed_contract()
    Scheme.objects.create(code=FORM["scheme"], name="Essai", zones=["qpv"])
    people = {name: person(name, contract) for name in PEOPLE}
    inside = ";".join(map(str, IN_QUARTER.centre))
    table = a_list(0, 40, 1) + "".join(f"\nI{number};{inside}" for number in range(30))
    days = {"period_from": TODAY, "period_to": TODAY}
    done = service.carry_out(deposited(people["depositor"], table, **days))
    frozen = Snapshot.objects.create(
        title="Comité", query="", content=[], checksum="0" * 64, open_to_all=False,
        made_by=people["lead"],
    )  # fmt: skip
    review = freeze(contract, 2021)
    return {"people": people, "deposit": done.pk, "review": review.pk, "snapshot": frozen.mark}


def person(name: str, contract: Territory) -> User | None:
    """Return an account of that role, on the contract where the role is not held everywhere."""
    role = PEOPLE[name]
    if role is None:
        return None
    where = a_contract("CV-AUTRE") if name == "other contract" else contract
    held_on = None if name in EVERYWHERE else where
    return somebody(name.replace(" ", "-"), role, held_on, ORGANISATIONS.get(name, ""))


def status_of(person: User | None, address: str) -> int:
    """Return the status of one request, and take back what it wrote."""
    method, _, path = address.rpartition(" ")
    client = client_of(person)
    with transaction.atomic():
        status = client.generic(method or "GET", path).status_code
        transaction.set_rollback(True)
    return int(status)


def test_every_address_stands_in_one_table_and_no_other():
    own = {route for route in routes_of() if not route.startswith("admin/")}
    assert own == set(OF_THE_SITE) | set(OF_THE_MAP_SERVER)
    assert not set(OF_THE_SITE) & set(OF_THE_MAP_SERVER)


def test_every_role_there_is_asks():
    assert {Role.PUBLIC, *filter(None, PEOPLE.values())} == set(Role)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part[0][0])
def test_each_role_is_answered_as_the_table_says(named, part):
    wrong = []
    for address, expected in part:
        asked = address.format(**named)
        few = expected == OPEN and asked.partition("?")[0].endswith(FILES)
        for name in OF_OPEN_FILES if few else PEOPLE:
            status = status_of(named["people"][name], asked)
            if status != expected[name]:
                wrong.append(f"{asked} for {name}: {status}, not {expected[name]}")
    assert wrong == []


def test_the_administration_is_closed_to_all_but_those_who_administer_accounts(named):
    """Its pages come with the framework, which asks for an account marked as staff."""
    for name, person in named["people"].items():
        assert status_of(person, "/admin/") == 302, name
    User.objects.filter(username="administrator").update(is_staff=True, is_superuser=True)
    assert status_of(User.objects.get(username="administrator"), "/admin/") == 200


def test_what_another_organisation_deposited_is_not_told_from_what_never_was(named):
    stranger = named["people"]["other partner"]
    for address, _expected in (*OF_DEPOSITS.values(), *OF_DEPOSITS_API.values()):
        if "{deposit}" in address:
            theirs, nobodys = (address.format(deposit=n) for n in (named["deposit"], 999_999))
            assert status_of(stranger, theirs) == status_of(stranger, nobodys), address


def test_a_contributor_of_another_contract_reads_no_more_of_this_one_than_a_visitor(named):
    stranger = named["people"]["other contract"]
    for address, _expected in ENGAGEMENTS.values():
        asked = address.format(**named)
        if not asked.startswith("POST"):
            assert status_of(stranger, asked) == status_of(None, asked), asked
