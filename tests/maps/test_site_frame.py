"""The frame of the site: the menu of small screens, words explained, pages of refusal."""

from __future__ import annotations

import re

import pytest
from django.test import Client, RequestFactory
from django.utils.translation import override
from django.views.defaults import server_error

from maps.areas import alphabetical
from maps.glossary import GLOSSARY, entries, meaning_of
from maps.sitepages import colours


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_a_small_screen_folds_the_pages_under_one_button(self, new_screen):
        screen = new_screen(360, 780).open("/glossaire/", ready="[data-menu]:not([hidden])")
        assert not screen.shows("#site-nav")
        screen.page.click("[data-menu]")
        assert screen.shows("#site-nav")
        screen.page.keyboard.press("Escape")
        assert not screen.shows("#site-nav")
        assert screen.page.evaluate("document.activeElement.matches('[data-menu]')")

    def test_without_script_a_small_screen_shows_the_pages(self, new_screen):
        screen = new_screen(360, 780, java_script_enabled=False)
        screen.page.goto(screen.origin + "/glossaire/")
        assert screen.shows("#site-nav")

    def test_the_header_stays_on_one_line_from_a_phone_to_a_desk(self, new_screen):
        screen = new_screen(360, 780).open("/glossaire/", ready="[data-menu]:not([hidden])")
        screen.page.evaluate("document.fonts.ready")
        heights = {}
        for width in (360, 768, 900, 1024, 1100, 1280, 1366, 1440):
            screen.page.set_viewport_size({"width": width, "height": 780})
            heights[width] = screen.page.evaluate("document.querySelector('.top').offsetHeight")
            ways = screen.shows("#site-nav") or screen.shows("[data-menu]")
            assert ways, f"no way to the other pages at {width}"
        assert set(heights.values()) == {52}, heights

    def test_what_ends_a_short_page_is_at_the_foot_of_the_screen(self, new_screen):
        screen = new_screen(1440, 900).open("/compte/connexion/", ready="main form")
        foot = screen.page.locator(".foot").bounding_box()
        assert foot["y"] + foot["height"] == pytest.approx(900, abs=1)

    def test_names_stay_in_sight_while_a_table_passes_by_on_a_phone(self, new_screen):
        screen = new_screen(360, 780).open("/style/", ready="#tableaux .scroll")
        box = screen.page.locator("#tableaux .scroll").first
        name = box.locator("tbody th").first
        before = name.bounding_box()["x"]
        box.evaluate("box => { box.scrollLeft = 80; }")
        assert box.evaluate("box => box.scrollLeft") > 0
        assert name.bounding_box()["x"] == pytest.approx(before, abs=1)

    def test_a_word_tells_its_meaning_at_a_hover(self, new_screen):
        screen = new_screen().open("/style/", ready=".term")
        assert not screen.shows(".term__text")
        screen.page.hover(".term a")
        assert screen.shows(".term__text")
        assert "fixé par décret" in screen.text(".term__text")

    def test_the_keyboard_opens_a_meaning_and_escape_closes_it(self, new_screen):
        screen = new_screen().open("/style/", ready=".term")
        screen.page.focus(".term a")
        assert screen.shows(".term__text")
        screen.page.keyboard.press("Escape")
        assert not screen.shows(".term__text")

    def test_a_word_leads_to_its_place_in_the_glossary(self, new_screen):
        screen = new_screen().open("/style/", ready=".term")
        screen.page.click(".term a")
        screen.page.wait_for_url("**/glossaire/#qpv")
        assert screen.page.locator("#qpv").bounding_box()["y"] < 760


@pytest.mark.django_db
class TestRefusals:
    @pytest.mark.parametrize(
        ("language", "said"), [("fr", "Cette page n’existe pas"), ("en", "does not exist")]
    )
    def test_a_missing_page_is_said_in_the_reader_s_language(self, client: Client, language, said):
        client.cookies["django_language"] = language
        answer = client.get("/nulle-part/")
        assert answer.status_code == 404
        assert said in answer.content.decode()

    def test_a_form_without_its_token_is_explained(self):
        answer = Client(enforce_csrf_checks=True).post("/i18n/setlang/", {"language": "en"})
        assert answer.status_code == 403
        assert "Le formulaire a expiré" in answer.content.decode()

    def test_an_error_of_ours_tells_nothing_of_what_broke(self):
        answer = server_error(RequestFactory().get("/"))
        page = answer.content.decode()
        assert answer.status_code == 500
        assert "Le serveur n’a pas pu répondre" in page
        assert "Traceback" not in page

    def test_a_page_without_right_says_whom_to_ask(self, client: Client):
        from django.core.exceptions import PermissionDenied
        from django.views.defaults import permission_denied

        answer = permission_denied(RequestFactory().get("/"), PermissionDenied("secret"))
        assert answer.status_code == 403
        assert "Demandez-le" in answer.content.decode()
        assert "secret" not in answer.content.decode()


class TestGlossary:
    def test_words_are_in_the_order_of_the_alphabet(self):
        words = [word for _, word, _ in entries()]
        assert words == sorted(words, key=alphabetical)
        assert words.index("contrat de ville") < words.index("écart") < words.index("EPT")

    @pytest.mark.parametrize("key", GLOSSARY)
    def test_every_word_has_its_meaning_in_both_languages(self, key):
        with override("fr"):
            french = meaning_of(key)
        with override("en"):
            english = meaning_of(key)
        assert all(french)
        assert french[1] != english[1]

    def test_an_unknown_word_is_an_error_of_the_page(self):
        with pytest.raises(KeyError):
            meaning_of("inconnu")


class TestStylePage:
    def test_it_shows_every_colour_the_style_sheets_may_use(self, client: Client):
        page = client.get("/style/").content.decode()
        assert len(colours()) > 12
        for name, value in colours():
            assert name in page
            assert f'fill="{value}"' in page

    def test_no_style_sheet_names_a_token_that_does_not_exist(self):
        from maps.sitepages import TOKENS

        declared = set(re.findall(r"^  (--[a-z-]+):", TOKENS.read_text(), re.MULTILINE))
        for sheet in TOKENS.parent.rglob("*.css"):
            used = set(re.findall(r"var\((--[a-z-]+)\)", sheet.read_text()))
            assert used <= declared, sheet.name

    def test_style_sheets_stay_small(self):
        from maps.sitepages import TOKENS

        for sheet in TOKENS.parent.rglob("*.css"):
            assert len(sheet.read_text().splitlines()) < 300, sheet.name
