"""The pages of deposits, as a partner reads them, and as everybody else does not."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from importers.deposits import service
from importers.deposits.store import Store
from importers.models import Deposit, DepositState
from observatory.models import Level, Organisation, Role, Scheme, User
from tests.factories import a_territory
from tests.importers.deposit_makers import (
    FORM,
    INSIDE,
    PASSWORD,
    a_list,
    a_partner,
    deposited,
    fates,
    the_towns_addresses,
    upload,
)
from tests.maps.screen import plain
from tests.people import client_of, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]

NEW = "/beneficiaires/nouveau/"


@pytest.fixture
def client(partner) -> Client:
    return client_of(partner)


def text_of(response) -> str:
    return plain(response.content.decode()).replace("&nbsp;", " ").replace("\u202f", " ")


def done(user: User, text: str, **ask) -> Deposit:
    return service.carry_out(deposited(user, text, **ask))


def addresses(*cells: str) -> str:
    return "ref;adresse;cp\n" + "\n".join(f"R{n};{cell}" for n, cell in enumerate(cells))


# -- signing in ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "nouveau/", "1/", "adresse/", "partages/", "1/relecture/"])
def test_nobody_gets_in_without_an_account(path):
    response = Client().get(f"/beneficiaires/{path}")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/compte/connexion/")


def test_a_partner_signs_in_and_out(partner):
    client = Client()
    asked = {"username": partner.username, "password": "autre"}
    assert "ne vont pas ensemble" in text_of(client.post("/compte/connexion/", asked))
    response = client.post("/compte/connexion/", {**asked, "password": PASSWORD})
    assert response.headers["Location"] == "/accueil/"
    assert "Mission locale" in text_of(client.get("/beneficiaires/"))
    client.post("/compte/deconnexion/")
    assert client.get("/beneficiaires/").status_code == 302


def test_an_account_without_an_organisation_is_told_what_to_ask_for():
    response = client_of(somebody("seul")).get("/beneficiaires/")
    assert response.status_code == 403
    assert "Demandez à un administrateur" in text_of(response)


# -- the form and the columns --------------------------------------------------------------


def test_a_file_is_taken_in_and_its_columns_shown_with_samples(client):
    rows = "\n".join(f"NOM-{n:04d};06 12 34 56 {n};{INSIDE}" for n in range(10, 30))
    response = client.post(NEW, {**FORM, "file": upload("NOM;tel;lon;lat\n" + rows)})
    page = text_of(client.get(response.headers["Location"]))
    assert "Non enregistrée (nom)" in page
    assert "Non enregistrée (téléphone)" in page
    assert "2.3510" in page
    assert "NOM-0010" not in page
    assert "06 12" not in page


def test_columns_are_corrected_and_the_work_is_queued(client, partner):
    found = deposited(partner, "a;b\n2.351;48.851\n2.401;48.851\n")
    response = client.post(f"/beneficiaires/{found.pk}/colonnes/", {"column-0": "x"})
    assert response.status_code == 400
    assert "Dites quelle colonne" in text_of(response)
    client.post(f"/beneficiaires/{found.pk}/colonnes/", {"column-0": "x", "column-1": "y"})
    found.refresh_from_db()
    assert (found.state, found.columns) == (DepositState.QUEUED, {"x": "a", "y": "b"})
    assert "Comptage en cours" in text_of(client.get(f"/beneficiaires/{found.pk}/"))
    assert client.get(f"/beneficiaires/{found.pk}/etat.json").json()["working"] is True


@pytest.mark.parametrize(
    "content, name, told",
    [
        (b"", "a.csv", "vide"),
        (b"%PDF-1.4 ......", "a.csv", "Déposez un CSV"),
        (b"x" * 20, "a.xlsx", ""),
        (";".join(f"c{n}" for n in range(300)).encode() + b"\n1\n", "a.csv", "200 colonnes"),
        (b"adresse;x\n" + b"a" * 20_000 + b";1\n", "a.csv", "Ligne 2"),
    ],
)
def test_a_bad_file_is_refused_in_french_on_the_form(client, content, name, told):
    response = client.post(NEW, {**FORM, "file": upload(content, name)})
    assert response.status_code == 400
    assert told in text_of(response)
    assert 'role="alert"' in response.content.decode()
    assert not Deposit.objects.exists()


def test_a_period_that_ends_before_it_begins_is_refused(client):
    asked = {**FORM, "period_to": "2014-01-01", "file": upload(a_list(1, 1))}
    assert "se termine avant de commencer" in text_of(client.post(NEW, asked))


def test_the_same_file_is_recognised(client, partner):
    one = done(partner, a_list(6, 6))
    two = deposited(partner, a_list(6, 6), "autre.csv")
    page = text_of(client.get(f"/beneficiaires/{two.pk}/"))
    assert f"dépôt n° {one.pk}" in page


def test_a_new_version_replaces_and_keeps_the_older_one(client, partner):
    one = done(partner, a_list(6, 6))
    asked = {**FORM, "file": upload(a_list(7, 6)), "replaces": one.pk}
    client.post(NEW, asked)
    two = Deposit.objects.get(replaces=one)
    assert two.version == 2
    service.carry_out(two)
    page = text_of(client.get(f"/beneficiaires/{two.pk}/"))
    assert "version 2" in page
    assert f'href="/beneficiaires/{one.pk}/"' in page
    assert fates(one) == {"qpv": 6, "outside": 6}


# -- the result ----------------------------------------------------------------------------


def test_the_published_example_is_printed_with_both_denominators_and_bounds(client, partner):
    found = done(partner, a_list(341, 2_021, 105))
    page = text_of(client.get(f"/beneficiaires/{found.pk}/"))
    assert '<dd id="share-all">13,8 %</dd>' in page
    assert '<dd id="share-located">14,4 %</dd>' in page
    assert '<dd id="bounds">de 13,8 % à 18,1 %</dd>' in page
    assert '<dd id="rounded">14 %</dd>' in page
    assert "2 467 lignes dont 2 362 situées" in page
    assert "Quartier 1" in page


def test_counts_are_told_by_sex_and_age_of_each_quarter(client, partner):
    rows = [f"{sex};{age};{INSIDE}" for sex in "FFH" for age in (12, 30)]
    found = done(partner, "sexe;age;lon;lat\n" + "\n".join(rows))
    page = text_of(client.get(f"/beneficiaires/{found.pk}/"))
    assert "F : 4, H : 2" in page
    assert "0-15 : 3, 26-49 : 3" in page
    client.cookies["django_language"] = "en"
    assert "F: 4, H: 2" in text_of(client.get(f"/beneficiaires/{found.pk}/"))


def test_the_result_is_downloaded_as_a_table(client, partner):
    found = done(partner, a_list(6, 3, 1))
    table = client.get(f"/beneficiaires/{found.pk}/resultat.csv").content.decode("utf-8-sig")
    assert "qpv;QP075001;Quartier 1;6;10;9;0.6;" in table


def test_purging_and_deleting_do_what_they_say(client, partner):
    found = done(partner, a_list(30, 3, 1))
    client.post(f"/beneficiaires/{found.pk}/purger/")
    page = text_of(client.get(f"/beneficiaires/{found.pk}/"))
    assert "clé sont détruites" in page
    assert "30" in page
    client.post(f"/beneficiaires/{found.pk}/supprimer/")
    assert not Deposit.objects.exists()
    assert client.get(f"/beneficiaires/{found.pk}/").status_code == 404


def test_what_was_cancelled_or_refused_is_said(client, partner):
    found = deposited(partner, a_list(3, 3))
    client.post(f"/beneficiaires/{found.pk}/annuler/")
    page = text_of(client.get(f"/beneficiaires/{found.pk}/"))
    assert "Annulé" in page
    assert "Rien n’a été conservé" in page


# -- review --------------------------------------------------------------------------------


@pytest.fixture
def reviewed(partner) -> Deposit:
    the_towns_addresses()
    cells = ["12 rue de la Chapelle;75018", "rue de la Chapelle;75018", "rue de la Chapelle;75018",
             "3 chemin inconnu;75018", "12 rue de la Chapelle;75018"]  # fmt: skip
    return done(partner, addresses(*cells))


def test_rows_that_cannot_be_placed_are_shown_with_why_and_candidates(client, reviewed):
    page = text_of(client.get(f"/beneficiaires/{reviewed.pk}/relecture/"))
    assert "3 lignes à placer" in page
    assert "pas de numéro" in page
    assert "les 2 lignes écrites de même" in page
    assert "3 chemin inconnu" in page


def test_placing_one_row_places_all_alike_and_the_result_follows(client, reviewed):
    assert fates(reviewed) == {"qpv": 2, "ambiguous": 2, "not_located": 1}
    response = client.post(
        f"/beneficiaires/{reviewed.pk}/relecture/3/", {"candidate": "0", "alike": "1"}
    )
    assert response.status_code == 302
    now = fates(reviewed)
    assert now.get("ambiguous", 0) == 0
    assert sum(now.values()) == 5
    asked = {"candidate": "map", "lon": "2.3510", "lat": "48.8510"}
    client.post(f"/beneficiaires/{reviewed.pk}/relecture/5/", asked)
    assert fates(reviewed).get("not_located", 0) == 0
    assert sum(fates(reviewed).values()) == 5
    assert Store(reviewed).left() == {}


@pytest.mark.parametrize(
    "row, asked",
    [(5, {}), (5, {"candidate": "7"}), (5, {"lon": "x", "lat": "1"}), (99, {"candidate": "0"}),
     (5, {"lon": "120", "lat": "3"}), (5, {"lon": "nan", "lat": "48"})],
)  # fmt: skip
def test_an_impossible_place_is_refused_and_changes_nothing(client, reviewed, row, asked):
    before = fates(reviewed)
    response = client.post(f"/beneficiaires/{reviewed.pk}/relecture/{row}/", asked)
    assert response.status_code == 400
    assert fates(reviewed) == before


def test_rows_are_taken_home_without_formulas(client, partner):
    the_towns_addresses()
    found = done(partner, addresses("=cmd|' /C calc'!A0;75018", "+33;75018"))
    response = client.get(f"/beneficiaires/{found.pk}/relecture.csv")
    table = response.content.decode("utf-8-sig")
    assert "'=cmd" in table
    assert not any(cell.startswith("=") for line in table.splitlines() for cell in line.split(";"))


# -- another partner -----------------------------------------------------------------------


def test_another_partner_sees_none_of_it_by_any_page(client, reviewed):
    other = Client()
    other.force_login(a_partner("Autre structure"))
    paths = ["", "etat.json", "resultat.csv", "relecture/", "relecture.csv"]
    for path in paths:
        address = f"/beneficiaires/{reviewed.pk}/{path}"
        assert client.get(address).status_code == 200, address
        assert other.get(address).status_code == 404, address
    for path in ("colonnes/", "annuler/", "purger/", "supprimer/", "relecture/3/"):
        address = f"/beneficiaires/{reviewed.pk}/{path}"
        assert other.post(address, {"candidate": "0"}).status_code == 404, address
    assert Store(reviewed).left()
    assert "liste.csv" not in text_of(other.get("/beneficiaires/"))
    asked = {**FORM, "file": upload(a_list(1, 1)), "replaces": reviewed.pk}
    assert other.post(NEW, asked).status_code == 400


def test_no_page_of_deposits_is_kept_by_a_cache(client, reviewed):
    for name in ("deposit", "deposit-review", "deposit-result-table", "deposit-review-table"):
        answer = client.get(reverse(f"maps:{name}", args=[reviewed.pk]))
        assert "no-store" in answer.headers["Cache-Control"], name


def test_forms_are_refused_without_their_token(partner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(partner)
    assert client.post(NEW, {**FORM, "file": upload(a_list(1, 1))}).status_code == 403
    assert not Deposit.objects.exists()


# -- shared figures ------------------------------------------------------------------------


def test_partners_read_each_others_gated_figures_and_nothing_exact(partner):
    done(partner, a_list(3, 60))
    other = Client()
    other.force_login(a_partner("Autre structure"))
    page = text_of(other.get("/beneficiaires/partages/"))
    assert "essai · Mission locale" in page
    assert "liste.csv" not in page
    assert Organisation.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "read"),
    [(Role.CONTRACT_LEAD, True), (Role.COMMITTEE, True), (Role.ANALYST, True), ("", False)],
)
def test_whoever_shares_the_material_reads_the_same_by_page_as_by_address(partner, role, read):
    done(partner, a_list(30, 60))
    reader = client_of(somebody("lectrice", role))
    page, api = reader.get("/beneficiaires/partages/"), reader.get("/api/deposits/shared/")
    assert page.status_code == api.status_code == (200 if read else 403)
    assert ("essai · Mission locale" in text_of(page)) is read
    assert 'href="/beneficiaires/adresse/"' not in page.content.decode(), "no door that stays shut"
    listed = reader.get("/beneficiaires/")
    if read:
        assert listed.headers["Location"] == "/beneficiaires/partages/"
    else:
        assert listed.status_code == 403


def test_a_lead_of_one_contract_reads_what_was_deposited_for_it_alone(partner):
    north, south = (a_territory(Level.CONTRACT, f"CV-{n}") for n in ("NORD", "SUD"))
    for contract in (north, south):
        done(partner, a_list(30, 60), scheme=f"aide {contract.code}", contract=contract)
    page = text_of(
        client_of(somebody("pilote", Role.CONTRACT_LEAD, north)).get("/beneficiaires/partages/")
    )
    assert "aide CV-NORD" in page
    assert "aide CV-SUD" not in page


# -- one address ---------------------------------------------------------------------------


def test_one_address_tells_its_zones_since_when_and_the_schemes(client, caplog):
    the_towns_addresses()
    Scheme.objects.create(code="emplois-francs", name="Emplois francs", zones=["qpv"])
    Scheme.objects.create(code="ailleurs", name="Ailleurs seulement", zones=["zus"])
    asked = {"address": "12 rue de la Chapelle", "postcode": "75018", "on": "2016-01-01"}
    with caplog.at_level(logging.DEBUG):
        page = text_of(client.post("/beneficiaires/adresse/", asked))
    assert "Quartier 2" in page
    assert "01/01/2015" in page
    assert "Décret d’essai" in page
    assert "Emplois francs" in page
    assert "Ailleurs seulement" not in page
    said = "\n".join(r.getMessage() for r in caplog.records if r.name != "django.db.backends")
    assert "chapelle" not in said.lower()


def test_before_the_decree_the_address_is_in_no_quarter(client):
    the_towns_addresses()
    asked = {"address": "12 rue de la Chapelle 75018", "on": "2014-12-31"}
    page = text_of(client.post("/beneficiaires/adresse/", asked))
    assert "Quartier 2" not in page
    assert "Paris 18e" in page


def test_a_street_without_a_number_is_never_a_sure_answer(client):
    the_towns_addresses()
    page = text_of(client.post("/beneficiaires/adresse/", {"address": "rue de la Chapelle 75018"}))
    assert "n’est pas sûre" in page


def test_an_address_given_in_the_pages_address_is_ignored(client):
    the_towns_addresses()
    page = text_of(client.get("/beneficiaires/adresse/?address=12+rue+de+la+Chapelle"))
    assert 'id="answer"' not in page


def test_without_a_reference_the_page_says_so(client):
    response = client.post("/beneficiaires/adresse/", {"address": "12 rue de la Chapelle"})
    assert response.status_code == 400
    assert "Aucun référentiel d’adresses" in text_of(response)


def test_the_day_is_today_where_none_is_given(client):
    the_towns_addresses()
    page = text_of(client.post("/beneficiaires/adresse/", {"address": "12 rue de la Chapelle"}))
    assert "Quartier 2" in page
    assert date.today() > date(2015, 1, 1)
