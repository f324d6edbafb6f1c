"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from sis import api as rest
from sis import views

pages = [
    path("accounts/<int:account_id>/sis_imports", views.sis_imports, name="imports"),
    path("accounts/<int:account_id>/sis_imports/upload", views.import_upload, name="import-upload"),
    path("accounts/<int:account_id>/sis_imports/<int:import_id>", views.sis_import, name="import"),
    path(
        "accounts/<int:account_id>/sis_imports/<int:import_id>/abort",
        views.import_abort,
        name="import-abort",
    ),
    path(
        "accounts/<int:account_id>/sis_imports/<int:import_id>/messages.csv",
        views.import_problems,
        name="import-problems",
    ),
]
api = [
    path("accounts/<str:account_id>/sis_imports", rest.SisImports.as_view()),
    path("accounts/<str:account_id>/sis_imports/importing", rest.RunningImports.as_view()),
    path("accounts/<str:account_id>/sis_imports/abort_all_pending", rest.PendingImports.as_view()),
    path("accounts/<str:account_id>/sis_imports/<str:import_id>", rest.OneSisImport.as_view()),
    path(
        "accounts/<str:account_id>/sis_imports/<str:import_id>/abort", rest.AbortSisImport.as_view()
    ),
    path(
        "accounts/<str:account_id>/sis_imports/<str:import_id>/restore_states",
        rest.RestoreStates.as_view(),
    ),
    path(
        "accounts/<str:account_id>/sis_imports/<str:import_id>/errors",
        rest.ErrorsOfImport.as_view(),
    ),
    path("accounts/<str:account_id>/sis_import_errors", rest.ErrorsOfImports.as_view()),
]
