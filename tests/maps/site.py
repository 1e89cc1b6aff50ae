"""Every page of the site, for what must hold on all of them, and axe to judge them."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.maps.screen import READY

# By the name of its address: where it is, and what shows that it is ready.
PAGES = {
    "explorer": ("/", READY),
    "zone": ("/carte/zone/", "#zone-form"),
    "embed": ("/carte/integrer/", READY),
    "home": ("/accueil/", "main .doors"),
    "areas": ("/quartiers/", "main table"),
    "thematic": ("/indicateur/", "main"),
    "whatif": ("/et-si/", "#whatif[data-state=ready]"),
    "comparison": ("/comparer/", "main .comparison-table"),
    "themes": ("/themes/", "main .ways"),
    "theme": ("/themes/CV1/dictionnaire-revenus/", "main table"),
    "saved-maps": ("/modeles/", "main .models"),
    "saved-map": ("/modeles/quartiers-ept/?dans=contract:CV1", "main .picture"),
    "portraits": ("/portraits/", "main .ways"),
    "portrait": ("/portraits/qpv/QN075901/", "main .keyfigures"),
    "login": ("/compte/connexion/", "main"),
    "glossary": ("/glossaire/", "main .glossary"),
    "style": ("/style/", "main #tableaux"),
}
# Pages that refuse, by their status, and the title that says why.
REFUSALS = {
    "400": "Cette demande ne peut pas être lue",
    "403": "Le formulaire a expiré",
    "404": "Cette page n’existe pas",
    "429": "Trop de dessins demandés à la fois",
}
# What a person is shown whose account lacks a right: another page of the same status.
NOT_OPEN = "forbidden"
# A desk and a phone: each page is kept as it looks on both.
WIDTHS = (1440, 360)
# Addresses that answer with data, pictures or files, not with pages.
NOT_PAGES = {
    "areas-json",
    "explorer-thematic",
    "explorer-picture",
    "explorer-qgis",
    "explorer-address",
    "thematic-picture",
    "whatif-json",
    "comparison-csv",
    "comparison-freeze",
    "comparison-chart",
    "snapshot",
    "portrait-pdf",
    "saved-map-file",
    "theme-pdf",
    "portrait-map",
    "portrait-chart",
    "logout",
}
GRAVE = {"serious", "critical"}


def grave_faults(page: Page) -> list[str]:
    """Return what axe finds serious or critical on the page as it is now."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found if fault["impact"] in GRAVE
    ]


def width_of_content(page: Page) -> int:
    """Return how wide the page's content is: more than the screen makes it scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth")
