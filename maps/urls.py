"""Addresses of the pages."""

from django.urls import path

from maps import sitepages, views

app_name = "maps"
urlpatterns = [
    path("", views.explorer, name="explorer"),
    path("quartiers/", views.areas_page, name="areas"),
    path("quartiers/<slug:layer>.json", views.areas_json, name="areas-json"),
    path("glossaire/", sitepages.glossary, name="glossary"),
    path("style/", sitepages.style, name="style"),
]
