"""The map server alone, so that its tests do not depend on the other rooms' pages."""

from django.urls import include, path

urlpatterns = [path("", include("layers.urls"))]
