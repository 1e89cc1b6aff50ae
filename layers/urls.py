"""Addresses of the map server."""

from django.urls import include, path, re_path

from layers import views
from layers.problems import REST, no_such_address
from layers.rasters import views as rasters
from layers.ready import readyz

app_name = "layers"
urlpatterns = [
    path("readyz", readyz, name="readyz"),
    path("tiles", views.catalogue, name="catalogue"),
    path("tiles/<str:names>.json", views.tilejson, name="tilejson"),
    path("tiles/<str:names>/<str:z>/<str:x>/<str:y>.pbf", views.tile, name="tile"),
    path("rasters/cells/<str:variable>.tif", rasters.cells, name="raster"),
    re_path(rf"^rasters/{REST}", no_such_address),
    path("styles/<str:names>.json", views.style, name="style"),
    path("styles/glyphs/<str:stack>/<int:start>-<int:end>.pbf", views.letters, name="letters"),
    re_path(
        r"^styles/sprites/observatory(?P<ratio>[@0-9x]*)\.(?P<extension>[a-z]+)$",
        views.sprite,
        name="sprite",
    ),
    path("styles/", no_such_address, name="styles-root"),
    re_path(rf"^styles/{REST}", no_such_address),
    path("api/", include("layers.api.urls")),
    path("ogc/", include("layers.ogc.urls")),
    re_path(rf"^tiles/{REST}", no_such_address),
]
