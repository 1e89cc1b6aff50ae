"""A partner with a real browser: 5 000 rows in, columns, progress, review, counts, purge."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from importers.models import Deposit, DepositState
from tests.importers.deposit_makers import (
    PASSWORD,
    a_partner,
    a_worker,
    empty_queue,
    fates,
    the_towns_addresses,
)
from tests.maps.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SURE = [f"{n} rue de la Chapelle;75018" for n in range(10, 30)]  # all well inside the quarter
AWAY = [f"{n} avenue Parmentier;75011" for n in range(5, 60)]
LOST = ["chemin des Lilas;75018"]
ROWS, TO_REVIEW, UNKNOWN = 5_000, 22, 8


@pytest.fixture(autouse=True)
def site(deposit_site: None) -> Iterator[None]:
    the_towns_addresses()
    yield
    empty_queue()


def the_file() -> str:
    """5 000 people: names and telephones to be detected, a few streets without a number."""
    chance = random.Random(5)
    places = ["rue de la Chapelle;75018"] * TO_REVIEW + LOST * UNKNOWN
    places += [chance.choice(SURE if chance.random() < 0.3 else AWAY)
               for _ in range(ROWS - len(places))]  # fmt: skip
    chance.shuffle(places)
    rows = (f"R{n};NOM-{n:04d};06 11 22 33 {n % 100:02d};{chance.choice('FH')};{place}"
            for n, place in enumerate(places, start=1))  # fmt: skip
    return "Référence;Nom;Téléphone;Sexe;Adresse;Code postal\n" + "\n".join(rows) + "\n"


def sign_in(screen: Screen, name: str) -> None:
    screen.open("/beneficiaires/", ready="form.stack")
    screen.page.fill("[name=username]", name)
    screen.page.fill("[name=password]", PASSWORD)
    screen.page.click("main button[type=submit]")
    screen.page.wait_for_url("**/beneficiaires/")


def send_file(screen: Screen, tmp_path) -> None:
    file = tmp_path / "bénéficiaires 2015.csv"
    file.write_text(the_file(), encoding="cp1252")
    screen.page.click("text=Déposer un fichier")
    screen.page.set_input_files("[name=file]", file)
    screen.page.fill("[name=scheme]", "garantie-jeunes")
    screen.page.fill("[name=period_from]", "2015-01-01")
    screen.page.fill("[name=period_to]", "2015-12-31")
    screen.page.click("text=Envoyer")
    screen.page.wait_for_selector("#columns")


def test_a_partner_goes_from_the_file_to_the_purge(
    new_screen: Callable[..., Screen], tmp_path
) -> None:
    partner, other = a_partner(), a_partner("Autre structure")
    screen = new_screen(1440, 900)
    sign_in(screen, partner.username)

    # The columns are shown with samples; what tells who a person is is not even shown.
    send_file(screen, tmp_path)
    shown = screen.text("#columns")
    assert "R1" in shown
    assert "NOM-0001" not in shown
    assert "06 11" not in shown
    assert screen.page.locator("select").nth(1).input_value() == ""
    used = [screen.page.locator("select").nth(n).input_value() for n in (0, 3, 4, 5)]
    assert used == ["reference", "sex", "address", "postcode"]

    # The work is watched from the page.
    screen.page.click("text=Lancer le comptage")
    screen.page.wait_for_selector("#progress")
    found = Deposit.objects.get()
    with a_worker():
        screen.page.wait_for_selector("#in-qpv")
    before = fates(found)
    assert sum(before.values()) == ROWS
    assert (before["ambiguous"], before["not_located"]) == (TO_REVIEW, UNKNOWN)
    assert screen.text("#in-qpv") == f"{before['qpv']:,}".replace(",", " ")
    assert "Quartier 2" in screen.text("#zones")
    assert "F : " in screen.text("#zones")

    # Twenty rows are reviewed: two at a time by a candidate, the unknown ones on the map.
    screen.page.click("text=Les placer")
    screen.page.wait_for_selector("#places[data-ready]")
    assert "30 lignes à placer" in screen.text("#left")
    for _ in range(20):
        row = screen.page.locator(".review__row", has_text="rue de la Chapelle").first
        if row.locator("[name=alike]").count():
            row.locator("[name=alike]").uncheck()
        row.locator("[name=candidate]").first.check()
        row.locator("text=Placer").click()
        screen.page.wait_for_load_state()
    assert "10 lignes à placer" in screen.text("#left")
    screen.page.wait_for_selector("#places[data-ready]")
    lost = screen.page.locator(".review__row", has_text="chemin des Lilas").first
    lost.click()
    box = screen.page.locator("#places canvas").bounding_box()
    assert box is not None
    screen.page.locator("#places canvas").click(position={"x": 200, "y": 200})
    assert lost.locator("[name=candidate][value=map]").is_checked()
    lost.locator("text=Placer").click()
    screen.page.wait_for_load_state()
    assert "2 lignes à placer" in screen.text("#left")

    # The result follows, and is downloaded.
    screen.page.click("main .note a")
    screen.page.wait_for_selector("#in-qpv")
    after = fates(found)
    assert sum(after.values()) == ROWS
    assert after["ambiguous"] == 2
    assert "not_located" not in after
    with screen.page.expect_download() as download:
        screen.page.click("text=Télécharger les comptes")
    assert "QP075002" in download.value.path().read_text(encoding="utf-8-sig")

    # Another partner sees none of it.
    stranger = new_screen(1440, 900, troubled=True)
    sign_in(stranger, other.username)
    assert "bénéficiaires 2015" not in stranger.text("main")
    for path in ("", "relecture/", "resultat.csv", "relecture.csv", "etat.json"):
        answer = stranger.page.request.get(f"{stranger.origin}/beneficiaires/{found.pk}/{path}")
        assert answer.status == 404, path
    for path in ("", "result/", "review/", "review.csv"):
        answer = stranger.page.request.get(f"{stranger.origin}/api/deposits/{found.pk}/{path}")
        assert answer.status == 404, path

    # The rows go, the counts stay.
    screen.page.click("#purge summary")
    screen.page.click("text=Purger maintenant")
    screen.page.wait_for_selector("#purged")
    found.refresh_from_db()
    assert found.state == DepositState.PURGED
    assert fates(found) == after
    assert screen.refusals() == []


def test_the_form_and_the_result_fit_a_narrow_screen(
    new_screen: Callable[..., Screen], tmp_path
) -> None:
    partner = a_partner()
    screen = new_screen(360, 740)
    sign_in(screen, partner.username)
    send_file(screen, tmp_path)
    screen.page.click("text=Lancer le comptage")
    with a_worker():
        screen.page.wait_for_selector("#in-qpv")
    for path in ("", "nouveau/", "adresse/", "partages/", f"{Deposit.objects.get().pk}/",
                 f"{Deposit.objects.get().pk}/relecture/"):  # fmt: skip
        screen.open(f"/beneficiaires/{path}", ready="main h1")
        wide = screen.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, path


def test_an_address_is_looked_up_without_reaching_the_pages_address(
    new_screen: Callable[..., Screen],
) -> None:
    partner = a_partner()
    screen = new_screen(1440, 900)
    sign_in(screen, partner.username)
    screen.page.click("text=Une adresse")
    screen.page.fill("[name=address]", "14 rue de la Chapelle")
    screen.page.fill("[name=postcode]", "75018")
    screen.page.click("text=Chercher")
    screen.page.wait_for_selector("#found-zones")
    assert "Quartier 2" in screen.text("#found-zones")
    assert not any("Chapelle" in address for address in screen.requests)
    assert screen.page.url.endswith("/beneficiaires/adresse/")
