"""Texts of the map page that the browser puts together, in the reader's language.

They are written into the page as JSON, so that one catalogue serves templates and scripts.
Braces name what the script fills in. A key ending in ``.one`` or ``.other`` is chosen by count.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EXPLORER: dict[str, str | Promise] = {
    # values
    "value.none": _("sans donnée"),
    "value.yes": _("oui"),
    "value.no": _("non"),
    # legend
    "class.under": _("moins de {high}"),
    "class.between": _("{low} à {high}"),
    "class.over": _("{low} et plus"),
    "legend.cells.note": _("Par carreau de {side}. Chaque classe comprend sa borne basse."),
    "legend.squares.note": _(
        "Sommes de carreaux par carré de {side} ; rapprochez-vous pour voir les carreaux. "
        "Chaque classe comprend sa borne basse."
    ),
    "legend.few": _("moins de 11 ménages (valeurs imputées)"),
    "legend.few.short": _("moins de 11 ménages"),
    "legend.nodata": _("sans donnée"),
    "legend.far": _("{layer} : rapprochez-vous pour voir cette couche."),
    "legend.places.note": _("Chaque classe comprend sa borne basse."),
    "legend.count": _("Nombre de territoires"),
    "legend.circles.note": _("La surface d’un cercle est proportionnelle à la valeur."),
    "legend.zone": _("Zone dessinée"),
    "legend.empty": _("Aucune couche affichée."),
    "layer.untitled": _("Couche sans titre"),
    # panel
    "panel.theme": _("Colorer les carreaux selon"),
    "panel.generation": _("Génération de quartiers"),
    "panel.no-time": _(
        "Pas d’évolution ici : deux millésimes de carreaux ne se comparent pas en dessous de la "
        "commune."
    ),
    "panel.about": _("À propos de la couche « {layer} »"),
    "panel.other": _("Autres couches"),
    # order of layers
    "order.title": _("Ordre des couches"),
    "order.note": _("La première recouvre les suivantes."),
    "order.up": _("Monter : {layer}"),
    "order.down": _("Descendre : {layer}"),
    "order.said": _("{layer} : {place} sur {count}"),
    # list of quarters
    "areas.layer": _("Liste"),
    "areas.within": _("Dans"),
    "areas.everywhere": _("tout ce qui est chargé"),
    "areas.search": _("Chercher un nom ou un code"),
    "areas.name": _("Nom"),
    "areas.none": _("Aucune couche chargée ne contient de territoires nommés."),
    "areas.failed": _("La liste n’a pas pu être lue. Rechargez la page pour réessayer."),
    "areas.count.one": _("{count} territoire"),
    "areas.count.other": _("{count} territoires"),
    # card
    "card.cell": _("Carreau de {side}"),
    "card.square": _("Carré de {side}, somme de {cells} carreaux"),
    "card.close": _("Fermer la fiche"),
    "card.other": _("Aussi en ce point"),
    "card.all": _("Toutes les valeurs"),
    "card.few": _(
        "Moins de 11 ménages : l’Insee ne publie ici que des valeurs imputées, "
        "réparties depuis les carreaux voisins."
    ),
    "card.imputed": _("L’Insee signale que les valeurs de ce carreau sont imputées."),
    "card.source": _("Source :"),
    "card.source.link": _("voir la publication"),
    "source.unknown": _("source non renseignée"),
    "demo.short": _("données fictives"),
    # the producer's warnings
    "cautions.title": _("Lire les carreaux avec prudence"),
    "cautions.title.other": _("À savoir"),
    "cautions.single": _("Ne lisez pas un carreau isolé : regardez un ensemble de carreaux."),
    "cautions.vintages": _("Ne comparez pas deux millésimes à un niveau plus fin que la commune."),
    "cautions.census": _("Ne comparez pas des sommes de carreaux aux populations du recensement."),
    "cautions.estate": _("Un grand ensemble peut être localisé en un seul point."),
    # map
    "map.title": _("Carte"),
    "map.zoom-in": _("Rapprocher"),
    "map.zoom-out": _("Éloigner"),
    "map.north": _("Remettre le nord en haut"),
    "map.whole": _("Voir tout le territoire"),
    # counting in a shape
    "zone.drawing": _(
        "Cliquez chaque sommet sur la carte, ou déplacez-la par les flèches et appuyez sur "
        "Entrée ; puis « Compter »."
    ),
    "zone.corners": _("Sommets : {count}. Il en faut trois ; puis « Compter »."),
    "zone.unread": _(
        "La zone de cette adresse n’a pas pu être lue : le lien a peut-être été coupé."
    ),
    "error.address": _("L’adresse n’a pas pu être cherchée. Réessayez."),
    "error.zone": _("La zone n’a pas pu être comptée. Réessayez."),
    # two maps
    "two.open": _("Deux cartes côte à côte"),
    "two.close": _("Une seule carte"),
    "two.year": _("Année de la seconde carte"),
    "two.together": _("Déplacer ensemble"),
    "two.title": _("Seconde carte"),
    # share
    "share.drawing": _("L’image se dessine…"),
    "error.image": _("L’image n’a pas pu être faite. Réessayez."),
    "share.copied": _("Copié."),
    "share.selected": _("Le texte est sélectionné : copiez-le."),
    "share.frame": _("Carte de l’observatoire des quartiers"),
    "share.tiles": _("{layer}, adresse des tuiles"),
    "share.style": _("{layer}, adresse du style"),
    # states
    "state.loading": _("Chargement…"),
    "empty.title": _("Aucune donnée n’est encore chargée"),
    "empty.demo": _("Pour voir le territoire de démonstration, lancez :"),
    "empty.files": _("Pour charger vos propres fichiers, un dossier ou un fichier à la fois :"),
    "empty.folder": _("dossier"),
    "empty.file": _("fichier.csv"),
    "error.server.title": _("Le serveur de cartes ne répond pas"),
    "error.server.text": _(
        "Un fichier de la carte n’a pas pu être lu. Vérifiez que le serveur tourne, puis réessayez."
    ),
    "error.tiles": _("Une partie de la carte n’a pas pu être lue ({address})."),
    "error.indicator": _("L’indicateur n’a pas pu être lu."),
    "error.webgl.title": _("La carte ne peut pas être dessinée"),
    "error.webgl.text": _(
        "Ce navigateur ne propose pas WebGL 2, ou l’a désactivé. Les quartiers se lisent aussi "
        "en liste."
    ),
    "error.list": _("Liste des quartiers"),
    "error.retry": _("Réessayer"),
}
