"""Addresses of the pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path, re_path

from maps import sitepages, thematic, views, whatif
from maps.comparison import views as comparison
from maps.explorer import views as explorer
from maps.explorer.address import address
from maps.explorer.zoneviews import zone
from maps.home import views as home
from maps.portraits import themeviews as themes
from maps.portraits import views as portraits
from maps.savedmaps import views as savedmaps

app_name = "maps"
urlpatterns = [
    path("", explorer.explorer, name="explorer"),
    path("carte/indicateur/", explorer.thematic, name="explorer-thematic"),
    path("carte/zone/", zone, name="zone"),
    path("carte/adresse/", address, name="explorer-address"),
    path("carte/integrer/", explorer.embed, name="embed"),
    re_path(r"^carte/image\.(?P<form>svg|png|pdf)$", explorer.picture, name="explorer-picture"),
    path("carte/carte.qlr", explorer.layers_for_qgis, name="explorer-qgis"),
    path("accueil/", home.page, name="home"),
    path("quartiers/", views.areas_page, name="areas"),
    path("quartiers/<slug:layer>.json", views.areas_json, name="areas-json"),
    path("indicateur/", thematic.page, name="thematic"),
    re_path(
        r"^indicateur/(?P<name>carte|repartition)\.(?P<form>svg|png|pdf)$",
        thematic.picture,
        name="thematic-picture",
    ),
    path("et-si/", whatif.page, name="whatif"),
    path("et-si/zones.json", whatif.trial_json, name="whatif-json"),
    path("comparer/", comparison.page, name="comparison"),
    path("comparer/tableau.csv", comparison.table_file, name="comparison-csv"),
    path("comparer/figer/", comparison.freeze, name="comparison-freeze"),
    path("comparer/fige/<uuid:mark>/", comparison.snapshot, name="snapshot"),
    re_path(
        r"^comparer/(?P<kind>[a-z]+)/(?P<name>[A-Za-z0-9_-]+)\.(?P<form>svg|png|csv)$",
        comparison.chart,
        name="comparison-chart",
    ),
    path("themes/", themes.index, name="themes"),
    path("themes/<str:contract>/<slug:theme>/", themes.page, name="theme"),
    path("themes/<str:contract>/<slug:theme>/fiche.pdf", themes.printed, name="theme-pdf"),
    path("modeles/", savedmaps.index, name="saved-maps"),
    path("modeles/<slug:key>/", savedmaps.page, name="saved-map"),
    re_path(
        r"^modeles/(?P<key>[a-z0-9-]+)\.(?P<form>svg|png|pdf|csv)$",
        savedmaps.picture,
        name="saved-map-file",
    ),
    path("portraits/", portraits.index, name="portraits"),
    path("portraits/<slug:level>/<str:code>/", portraits.page, name="portrait"),
    path("portraits/<slug:level>/<str:code>/portrait.pdf", portraits.printed, name="portrait-pdf"),
    re_path(
        r"^portraits/(?P<level>[a-z_]+)/(?P<code>[^/]+)/carte\.(?P<form>svg|png)$",
        portraits.picture,
        name="portrait-map",
    ),
    re_path(
        r"^portraits/(?P<level>[a-z_]+)/(?P<code>[^/]+)/(?P<indicator>[a-z0-9-]+)\.(?P<form>svg|png)$",
        portraits.chart,
        name="portrait-chart",
    ),
    path("suivi/", include("maps.followup.urls")),
    path("glossaire/", sitepages.glossary, name="glossary"),
    path("style/", sitepages.style, name="style"),
    path("beneficiaires/", include("maps.deposits.urls")),
    path(
        "compte/connexion/",
        LoginView.as_view(template_name="maps/account/login.html"),
        name="login",
    ),
    path("compte/deconnexion/", LogoutView.as_view(next_page="maps:explorer"), name="logout"),
]
