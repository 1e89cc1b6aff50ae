"""A whole site for django-vectortiles: its settings, models and addresses in one file."""

from __future__ import annotations

import json
import os

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

_parts = conninfo_to_dict(os.environ["BENCH_DATABASE"])
settings.configure(
    SECRET_KEY="benchmark",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.gis", "vectortiles"],
    DATABASES={
        "default": {
            "ENGINE": "django.contrib.gis.db.backends.postgis",
            "NAME": _parts["dbname"],
            "USER": _parts["user"],
            "HOST": _parts["host"],
            "CONN_MAX_AGE": 600,
        }
    },
)
django.setup()

from django.contrib.gis.db import models  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from vectortiles.backends.postgis import VectorLayer  # noqa: E402
from vectortiles.views import MVTView  # noqa: E402

urlpatterns = []
for _name, _fields in json.loads(os.environ["BENCH_LAYERS"]).items():
    _columns = {field: models.TextField(null=True) for field in _fields}
    _meta = type("Meta", (), {"managed": False, "db_table": f"bench_{_name}", "app_label": "bench"})
    _model = type(
        f"Bench{_name.title()}",
        (models.Model,),
        {
            "__module__": __name__,
            "Meta": _meta,
            "fid": models.BigIntegerField(primary_key=True),
            "geometry_3857": models.GeometryField(srid=3857),
            **_columns,
        },
    )
    _layer = type(
        f"Layer{_name.title()}",
        (VectorLayer,),
        {
            "model": _model,
            "id": _name,
            "geom_field": "geometry_3857",
            "tile_fields": tuple(_fields),
            "tile_buffer": 64,
        },
    )
    _view = type(f"View{_name.title()}", (MVTView,), {"layer_classes": [_layer]})
    urlpatterns.append(_view.get_url(prefix=_name))

application = get_wsgi_application()
