"""Word lists for invented names. No list is copied from a register of streets."""

from __future__ import annotations

FIRST = (
    "Adèle", "Alphonse", "Amélie", "André", "Antoine", "Augustine", "Aurélien", "Baptiste",
    "Blanche", "Camille", "Céleste", "Charles", "Clémence", "Constance", "Denis", "Édith",
    "Élise", "Émile", "Étienne", "Eugénie", "Fernand", "Françoise", "Gabriel", "Georges",
    "Gustave", "Hélène", "Henriette", "Honoré", "Irène", "Jacques", "Jean-Baptiste", "Jeanne",
    "Joséphine", "Julien", "Léon", "Louise", "Lucien", "Madeleine", "Marcel", "Marguerite",
    "Marius", "Mathilde", "Maurice", "Noël", "Octave", "Pauline", "Pierre", "Raymond", "René",
    "Simone", "Théodore", "Thérèse", "Valentine", "Victorine", "Yvonne", "Zoé",
)  # fmt: skip
LAST = (
    "Aubertin", "Bachelard", "Barbançon", "Bassereau", "Baudrier", "Beaugrand", "Belhomme",
    "Bertaud", "Besnardin", "Billotte", "Blanchard", "Boisvert", "Bonnardel", "Bordier",
    "Boulangier", "Bourdaloux", "Brisson", "Cabrol", "Cadiou", "Carpentier", "Castelnaud",
    "Chabrolin", "Champenois", "Chantereine", "Charbonnel", "Chastaing", "Chauvelot",
    "Clairambault", "Collardeau", "Coquelin", "Corbineau", "Courtillier", "Crespel",
    "Dambreville", "Daubigny", "Delacour", "Delahaye", "Desforges", "Desmarets", "Dorval",
    "Dubourdieu", "Duchastel", "Dufresnoy", "Duperray", "Durandal", "Escoffier", "Estienne",
    "Fauvelais", "Ferrandin", "Feuillatre", "Flamant", "Fontanier", "Forestier", "Fourcroix",
    "Fromentin", "Gaillardin", "Garnerin", "Gauthier", "Germond", "Girardot", "Gombault",
    "Grandjean", "Grosmenil", "Guérinot", "Guillaumet", "Hardoin", "Hautecloche", "Hébrard",
    "Hennequin", "Houdart", "Jacquemart", "Jaucourt", "Jolivet", "Jourdanet", "Labouret",
    "Lacaille", "Lafargette", "Lamoureux", "Langlade", "Lapérousaz", "Laurendeau", "Lebrun",
    "Lecourbet", "Lemercier", "Lenormand", "Leroyer", "Lesueur", "Levavasseur", "L'Hermitte",
    "Lormier", "Maillard", "Malherbet", "Marchandeau", "Marivault", "Mauconseil", "Mercœur",
    "Mesnard", "Michaudel", "Mirabel", "Montbrison", "Morel", "Mouchotte", "Nadault", "Noirot",
    "Oberlin", "Pastorel", "Péclet", "Perronet", "Pichegrain", "Poissonnet", "Poncelet",
    "Quatrefage", "Rambuteaud", "Ravignan", "Regnault", "Ribéral", "Rochebrune", "Rossignol",
    "Roussel", "Sabatier", "Sauvageot", "Sénéchal", "Soufflet", "Tardieu", "Taillebourg",
    "Thibaudier", "Tournefort", "Tréhard", "Vaucresson", "Vauquelin", "Verdier", "Vigneron",
    "Villebois", "Vouillé", "Wattelet",
)  # fmt: skip
RANKS = ("du Général", "du Docteur", "de l'Abbé", "du Capitaine", "du Professeur", "du Colonel")
PLACES = (
    "d'Abbeville", "d'Aigueperse", "d'Alençon", "d'Avranches", "de Bayeux", "de Beaucaire",
    "de Bergerac", "de Blois", "de Brioude", "de Cahors", "de Cambrai", "de Carcassonne",
    "de Chartres", "de Cognac", "de Colmar", "de Compiègne", "de Coutances", "de Dieppe",
    "de Dole", "d'Épinal", "d'Étampes", "d'Évreux", "de Falaise", "de Fécamp", "de Foix",
    "de Gien", "de Granville", "de Honfleur", "d'Issoudun", "de Joigny", "de Lannion",
    "de Laon", "de Lisieux", "de Loches", "de Lunéville", "de Mâcon", "de Melun", "de Mende",
    "de Montargis", "de Morlaix", "de Moulins", "de Narbonne", "de Nevers", "de Niort",
    "d'Orthez", "de Péronne", "de Pithiviers", "de Pontivy", "de Provins", "de Quimper",
    "de Riom", "de Rodez", "de Saumur", "de Sedan", "de Senlis", "de Sète", "de Soissons",
    "de Tarbes", "de Thiers", "de Tonnerre", "de Tulle", "d'Uzès", "de Vannes", "de Vendôme",
    "de Verdun", "de Vesoul", "de Vichy", "de Vierzon", "de Vire", "d'Yvetot",
)  # fmt: skip
THINGS = (
    "des Acacias", "des Alouettes", "des Amandiers", "des Artisans", "des Aubépines",
    "de la Baleine", "des Bateliers", "de la Bergerie", "des Bleuets", "du Bon-Puits",
    "des Bruyères", "de la Briqueterie", "des Capucins", "du Canal", "des Cerisiers",
    "du Champ-Rond", "des Charmes", "du Château-d'Eau", "des Chênes", "de la Cloche",
    "du Clos-Fleuri", "des Colombes", "de la Corderie", "des Coteaux", "de la Croix-Blanche",
    "des Cygnes", "de l'Écluse", "des Écoles", "de l'Égalité", "des Églantiers",
    "de l'Équerre", "de l'Étoile-du-Nord", "de la Fabrique", "de la Ferme", "des Filatures",
    "de la Fontaine", "des Forges", "de la Fraternité", "des Gaillards", "des Genêts",
    "des Glycines", "de la Grange-Neuve", "du Grand-Cerf", "des Groseilliers", "de la Halle",
    "des Haies", "de l'Horloge", "du Jardin-Haut", "du Jeu-de-Paume", "du Lavoir",
    "des Lavandières", "des Lilas", "de la Liberté", "du Maquis", "des Maraîchers",
    "du Marché", "des Marronniers", "des Mésanges", "des Mimosas", "de la Monnaie-Neuve",
    "du Moulin", "du Moulin-Vert", "des Mûriers", "des Noyers", "de l'Olivier", "des Ormes",
    "de l'Ourse", "de la Paix", "du Parc", "des Pavillons", "des Peupliers", "du Pont-Neuf",
    "du Port", "de la Poterie", "du Pré-aux-Oies", "des Primevères", "du Puits", "des Roses",
    "des Sablons", "de la Source", "des Tanneurs", "des Tilleuls", "des Tisserands",
    "de la Tour", "de la Tuilerie", "de l'Union", "de la Verrerie", "des Vignes", "des Violettes",
)  # fmt: skip
SAINTS = (
    "Saint-Aignan", "Saint-Alban", "Saint-Amand", "Saint-Brice", "Saint-Clair", "Saint-Cyr",
    "Saint-Éloi", "Saint-Fiacre", "Saint-Firmin", "Saint-Gilles", "Saint-Hubert", "Saint-Josse",
    "Saint-Léger", "Saint-Loup", "Saint-Malo", "Saint-Mandé", "Saint-Nazaire", "Saint-Omer",
    "Saint-Prix", "Saint-Riquier", "Saint-Romain", "Saint-Séverin", "Saint-Vaast",
    "Sainte-Agathe", "Sainte-Colombe", "Sainte-Fare", "Sainte-Luce", "Sainte-Odile",
)  # fmt: skip
ARRONDISSEMENTS = (
    "Vieux-Pont", "Bourse-Neuve", "Archives", "Grève", "Collèges", "Abbaye", "Hôtels", "Plaine",
    "Faubourg-Nord", "Canal", "Atelier", "Barrière", "Tanneries", "Observance", "Vaugrain",
    "Passerelle", "Batignes", "Butte", "Bassins", "Ménil",
)  # fmt: skip
PARTS = (
    "Port", "Halles", "Moulin", "Grange", "Cloître", "Fontaine", "Carrières", "Enclos",
    "Marché", "Chapelle-Basse", "Clos", "Réservoir", "Gare", "Jardin", "Forge", "Tour",
)  # fmt: skip
