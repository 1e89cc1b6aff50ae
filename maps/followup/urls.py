"""Addresses of the pages of engagements and their follow-up."""

from django.urls import path, re_path

from maps.followup import review, sheets, tree

urlpatterns = [
    path("", tree.home, name="followup"),
    path("erreurs/", tree.errors, name="printed-errors"),
    path("fiches/<slug:code>/", sheets.one, name="sheet"),
    re_path(
        r"^fiches/(?P<code>[-a-zA-Z0-9_]+)/(?P<name>remettre|valider|renvoyer)/$",
        sheets.step,
        name="sheet-step",
    ),
    path("bilans/<int:number>/", review.frozen, name="review-frozen"),
    path("<str:code>/fiches/", sheets.listed, name="sheets"),
    path("<str:code>/bilan/<int:year>/", review.live, name="review"),
    path("<str:code>/bilan/<int:year>/figer/", review.freeze, name="review-freeze"),
    path("<str:code>/<slug:framework>/", tree.page, name="framework"),
]
