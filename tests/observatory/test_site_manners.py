"""What every answer of the site carries, and what never reaches a log."""

import logging

import pytest

from observatory.logs import DiscreetFilter


def cleaned(message, *args, **extra):
    record = logging.LogRecord("x", logging.INFO, "f", 1, message, args, None)
    record.__dict__.update(extra)
    assert DiscreetFilter().filter(record)
    return record


@pytest.mark.parametrize(
    "message, args",
    [
        ("Not Found: /adresse?q=12+rue+Dupont", ()),
        ('"%s" 200', ("GET /adresse?q=12+rue+Dupont HTTP/1.1",)),
        ("Bad request to %s", ("/x?nom=Dupont&ville=Paris",)),
    ],
)
def test_a_query_string_never_reaches_a_log(message, args):
    assert "Dupont" not in cleaned(message, *args).getMessage()


def test_the_address_itself_is_kept_so_that_the_line_is_of_use():
    assert cleaned("Not Found: /adresse?q=1").getMessage() == "Not Found: /adresse?…"


def test_the_request_with_its_form_values_is_dropped_from_the_record():
    assert not hasattr(cleaned("x", request=object()), "request")


@pytest.mark.django_db
class TestHeaders:
    def test_no_inline_code_and_no_outside_host_is_allowed(self, client):
        policy = client.get("/").headers["Content-Security-Policy"]
        parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert "unsafe" not in policy
        assert parts["default-src"] == "'none'"
        assert parts["script-src"] == "'self'"
        assert "http" not in policy

    def test_it_may_not_be_sniffed_nor_framed_elsewhere_nor_leak_its_address(self, client):
        headers = client.get("/").headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Referrer-Policy"] == "same-origin"

    def test_it_speaks_french_whatever_the_browser_prefers(self, client):
        answer = client.get("/", headers={"accept-language": "en-US,en;q=0.9"})
        assert answer.headers["Content-Language"] == "fr"
        assert b'lang="fr"' in answer.content

    def test_it_speaks_english_to_who_chose_it_on_the_page(self, client):
        client.post("/i18n/setlang/", {"language": "en", "next": "/"})
        assert client.get("/").headers["Content-Language"] == "en"

    def test_an_unknown_language_falls_back_to_french(self, client):
        client.cookies["django_language"] = "xx"
        assert client.get("/").headers["Content-Language"] == "fr"

    def test_health_asks_no_database(self, client, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert client.get("/healthz").content == b"ok\n"

    @pytest.mark.parametrize("path", ["/nowhere", "/tiles/nowhere.json", "/admin/nowhere"])
    def test_an_unknown_address_is_a_plain_refusal_without_a_trace(self, client, path):
        answer = client.get(path)
        assert answer.status_code in (302, 404)
        assert b"Traceback" not in answer.content
