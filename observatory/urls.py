"""Addresses of the site: each room brings its own, named as strings."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("observatory.health")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/deposits/", include("importers.deposits.api")),
    path("", include("layers.urls")),
    path("", include("maps.urls")),
]
