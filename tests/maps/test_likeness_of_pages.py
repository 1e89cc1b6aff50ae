"""What a kept picture of a page tells: anything moved or lost on it, and nothing else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.maps import likeness
from tests.maps.likeness import (
    BLOCK,
    KEPT,
    RENEWED,
    coarse,
    difference,
    difference_from_reference,
)
from tests.maps.site import NOT_OPEN, PAGES, REFUSALS, WIDTHS

WIDTH, HEIGHT = 1440, 1200
INK, GROUND = "#1f2430", "#ffffff"


def a_page(
    *,
    height: int = HEIGHT,
    panel: tuple[int, int] = (60, 120),
    heading: str = "Chiffres du 3 janvier 2023",
    ink: str = INK,
    ground: str = GROUND,
) -> bytes:
    """Return the picture of a page: a bar, a heading, a panel of lines of text."""
    picture = Image.new("RGB", (WIDTH, height), ground)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, WIDTH, 52), fill=INK)
    draw.text((60, 70), heading, fill=INK, font_size=28)
    left, top = panel
    for line in range(20):
        words = "Des mots sur les quartiers " * 3
        draw.text((left, top + 24 * line), words, fill=ink, font_size=15)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def told(**changes: object) -> str:
    return difference(coarse(a_page(**changes)), coarse(a_page()))


class TestComparison:
    def test_the_same_page_is_the_same(self):
        assert told() == ""

    def test_a_picture_is_kept_a_tenth_as_wide_and_high(self):
        assert coarse(a_page()).shape == (HEIGHT // BLOCK, WIDTH // BLOCK)

    @pytest.mark.parametrize(
        "changes",
        [
            {"heading": "Chiffres du 28 février 2024"},
            {"ink": "#2a2f3c"},
            {"ground": "#fcfbf8"},
            {"panel": (61, 121)},
            {"height": HEIGHT + 24},
        ],
    )
    def test_another_day_a_shade_a_pixel_or_a_line_below_is_no_change(self, changes):
        assert told(**changes) == ""

    @pytest.mark.parametrize(
        "changes",
        [
            {"panel": (400, 120)},
            {"panel": (60, 130)},
            {"panel": (60, 300)},
            {"ink": "#c9ccd4"},
            {"ink": GROUND},
            {"ground": "#7f8794"},
        ],
    )
    def test_a_panel_elsewhere_faint_or_lost_is_a_change(self, changes):
        assert "of what is drawn changed" in told(**changes)

    def test_a_page_that_grew_says_by_how_much(self):
        assert told(height=1300) == "130 blocks high, 120 before"
        assert told(height=1100) == "110 blocks high, 120 before"

    def test_a_page_of_another_width_is_never_the_same(self):
        wide = coarse(a_page())
        assert difference(wide[:, :36], wide) == "36 blocks wide, 144 before"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_a_page_that_lost_its_style_sheet_or_a_panel_is_told(self, new_screen):
        screen = new_screen(1440, 900).open("/compte/connexion/", ready="main form")
        assert difference_from_reference(screen, "login") == ""
        screen.page.evaluate("document.querySelector('main form').style.marginLeft = '200px'")
        assert "of what is drawn changed" in difference_from_reference(screen, "login")
        screen.page.evaluate("document.querySelector('main form').remove()")
        assert "of what is drawn changed" in difference_from_reference(screen, "login")
        screen.page.reload()
        assert difference_from_reference(screen, "login") == ""
        screen.page.evaluate("document.querySelectorAll('link[rel=stylesheet]')[0].remove()")
        assert difference_from_reference(screen, "login") != ""

    def test_a_page_is_renewed_only_where_it_is_asked(
        self, new_screen, tmp_path: Path, monkeypatch
    ):
        monkeypatch.setattr(likeness, "KEPT", tmp_path)
        screen = new_screen(360, 780).open("/compte/connexion/", ready="main form")
        assert "login-360.png is not kept" in difference_from_reference(screen, "login")
        monkeypatch.setenv(RENEWED, "1")
        assert difference_from_reference(screen, "login") == ""
        monkeypatch.delenv(RENEWED)
        assert [one.name for one in tmp_path.iterdir()] == ["login-360.png"]
        assert difference_from_reference(screen, "login") == ""


class TestWhatIsKept:
    def test_every_page_is_kept_on_a_desk_and_on_a_phone_and_nothing_else(self):
        pages = {
            f"{name}-{width}.png" for name in (*PAGES, *REFUSALS, NOT_OPEN) for width in WIDTHS
        }
        assert {one.name for one in KEPT.iterdir()} == pages

    def test_pictures_are_small(self):
        assert max(one.stat().st_size for one in KEPT.iterdir()) < 10_000
