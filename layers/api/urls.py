"""Addresses of the REST API."""

from django.urls import path, re_path

from layers.api import exports, figures, figures_compare, figures_sheets, figures_space, views
from layers.api.schema import Schema
from layers.api.token import Token
from layers.problems import REST, no_such_address

app_name = "api"
urlpatterns = [
    path("", views.Root.as_view(), name="root"),
    path("schema", Schema.as_view(), name="schema"),
    path("token", Token.as_view(), name="token"),
    path("layers/", views.Layers.as_view(), name="layers"),
    path("layers/<str:name>/", views.LayerFeatures.as_view(), name="features"),
    path("layers/<str:name>/<int:fid>", views.LayerFeature.as_view(), name="feature"),
    path("layers/<str:name>/export.<str:extension>", exports.Export.as_view(), name="export"),
    path("territories/", views.Territories.as_view(), name="territories"),
    path("territories/<int:fid>", views.Territory.as_view(), name="territory"),
    path("zones/", views.Zones.as_view(), name="zones"),
    path("observations/", views.Observations.as_view(), name="observations"),
    path("coverage/", figures_space.FacilityCoverage.as_view(), name="coverage"),
    path("compare/", figures_compare.Comparisons.as_view(), name="comparisons"),
    path(
        "compare/<slug:name>.csv", figures_compare.ComparisonFile.as_view(), name="comparison-file"
    ),
    path("compare/<slug:name>/", figures_compare.Comparison.as_view(), name="comparison"),
    path("sheets/completeness", figures_sheets.Completeness.as_view(), name="completeness"),
    path("sheets/template.csv", figures_sheets.SheetTemplate.as_view(), name="sheet-template"),
    path("sheets/<slug:code>/", figures_sheets.Sheet.as_view(), name="sheet"),
    path("sheets/<slug:code>/<slug:step>", figures_sheets.SheetStep.as_view(), name="sheet-step"),
    path("tables/", figures.Tables.as_view(), name="tables"),
    path("tables/<slug:name>.csv", figures.TableFile.as_view(), name="table-file"),
    path("tables/<slug:name>/", figures.TableRows.as_view(), name="table"),
    re_path(rf"^{REST}", no_such_address),
]
