"""The page asks nothing of anyone else and runs under a strict policy."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.maps.town import PLACES


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_nothing_is_asked_of_another_host_and_nothing_is_refused(self, screen):
        screen.open()
        screen.click_on(PLACES["e"])
        screen.page.click("#tab-areas")
        screen.page.wait_for_selector("#panel-areas .area")
        assert screen.outside_requests() == []
        assert screen.refusals() == []
        assert screen.complaints == []
        assert any("/tiles/cells/" in url for url in screen.requests)

    def test_the_policy_is_in_force(self, town, new_screen):
        screen = new_screen(troubled=True).open()
        ran = screen.page.evaluate(
            """() => new Promise((done) => {
                const script = document.createElement('script');
                script.textContent = 'window.ran = true;';
                document.body.append(script);
                setTimeout(() => done(window.ran === true), 100);
            })"""
        )
        assert ran is False
        assert any("script-src" in refusal for refusal in screen.refusals())

    def test_names_are_drawn_with_the_page_s_own_font(self, screen):
        screen.open()
        assert screen.page.evaluate("document.fonts.check('16px Observatoire')")
        assert not any("glyphs" in url for url in screen.requests)

    def test_the_page_is_light(self, town, new_screen):
        """Scripts, styles and font as a compressing server sends them: 600 kB at most."""
        import gzip

        screen = new_screen().open()
        own = {url for url in screen.requests if "/static/" in url}
        bodies = [screen.page.request.get(url).body() for url in own]
        assert len(own) >= 6
        assert sum(len(gzip.compress(body)) for body in bodies) < 600_000


@pytest.mark.django_db
class TestItsHeaders:
    @pytest.mark.parametrize("path", ["/", "/quartiers/"])
    def test_the_policy_allows_nothing_inline_and_no_other_host(self, client: Client, path):
        policy = client.get(path).headers["Content-Security-Policy"]
        directives = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
        assert directives["default-src"] == "'none'"
        for name in ("script-src", "style-src", "worker-src", "connect-src", "font-src"):
            assert directives[name] == "'self'"
        assert "unsafe" not in policy
        assert "http" not in policy

    @pytest.mark.parametrize("path", ["/", "/quartiers/"])
    def test_the_page_carries_no_inline_style_or_handler(self, client: Client, path):
        page = client.get(path).content.decode()
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page

    @pytest.mark.parametrize("path", ["/", "/quartiers/", "/quartiers/qpv.json"])
    def test_pages_are_only_read(self, client: Client, path):
        assert client.post(path).status_code == 405
