"""Addresses of the pages of deposits."""

from django.urls import path

from maps.deposits import review, views

urlpatterns = [
    path("", views.deposits, name="deposits"),
    path("nouveau/", views.new_deposit, name="deposit-new"),
    path("partages/", views.shared_figures, name="deposits-shared"),
    path("adresse/", views.address, name="address"),
    path("<int:number>/", views.deposit, name="deposit"),
    path("<int:number>/etat.json", views.state, name="deposit-state"),
    path("<int:number>/colonnes/", views.columns, name="deposit-columns"),
    path("<int:number>/annuler/", views.cancel, name="deposit-cancel"),
    path("<int:number>/purger/", views.purge, name="deposit-purge"),
    path("<int:number>/supprimer/", views.delete, name="deposit-delete"),
    path("<int:number>/partager/", views.share_again, name="deposit-share"),
    path("<int:number>/carte.svg", views.result_map, name="deposit-map"),
    path("<int:number>/resultat.csv", views.result_table, name="deposit-result-table"),
    path("<int:number>/relecture/", review.page, name="deposit-review"),
    path("<int:number>/relecture.csv", review.table, name="deposit-review-table"),
    path("<int:number>/relecture/<int:row>/", review.fix, name="deposit-fix"),
]
