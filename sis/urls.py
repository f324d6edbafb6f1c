"""Addresses of this app: pages, and its part of the REST API."""

from typing import Any

from django.urls import path

from sis import api as rest

pages: list[Any] = []
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
