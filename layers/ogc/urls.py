"""Addresses of the OGC APIs."""

from django.urls import path, re_path

from layers.ogc import views
from layers.problems import REST, no_such_address

app_name = "ogc"
_ONE = "collections/<str:name>"
_MERCATOR = f"{_ONE}/tiles/WebMercatorQuad"
urlpatterns = [
    path("", views.Landing.as_view(), name="landing"),
    path("conformance", views.Conformance.as_view(), name="conformance"),
    path("collections", views.Collections.as_view(), name="collections"),
    path(_ONE, views.Collection.as_view(), name="collection"),
    path(f"{_ONE}/schema", views.Schema.as_view(), name="schema"),
    path(f"{_ONE}/items", views.Items.as_view(), name="items"),
    path(f"{_ONE}/items/<str:fid>", views.Item.as_view(), name="item"),
    path(f"{_ONE}/tiles", views.Tilesets.as_view(), name="tilesets"),
    path(_MERCATOR, views.Tileset.as_view(), name="tileset"),
    path(f"{_MERCATOR}/<str:z>/<str:row>/<str:column>", views.OneTile.as_view(), name="tile"),
    path("tileMatrixSets", views.TileMatrixSets.as_view(), name="tilematrixsets"),
    path("tileMatrixSets/WebMercatorQuad", views.TileMatrixSet.as_view(), name="tilematrixset"),
    re_path(rf"^{REST}", no_such_address),
]
