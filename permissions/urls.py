"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from permissions import api as rest
from permissions.views import cells, grid, roles

pages = [
    path("accounts/<int:account_id>/permissions", grid.permission_grid, name="grid"),
    path("accounts/<int:account_id>/permissions/roles/<int:role_id>", roles.role, name="role"),
    path(
        "accounts/<int:account_id>/permissions/roles/<int:role_id>/<slug:key>",
        cells.cell,
        name="cell",
    ),
]
api = [
    path("accounts/<str:account_id>/roles", rest.Roles.as_view()),
    path("accounts/<str:account_id>/roles/<str:role_id>", rest.OneRole.as_view()),
]
