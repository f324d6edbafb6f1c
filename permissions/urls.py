"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from permissions import api as rest
from permissions import explain_api
from permissions.views import cells, explain, grid, roles

pages = [
    path("accounts/<int:account_id>/permissions", grid.permission_grid, name="grid"),
    path("accounts/<int:account_id>/permissions/roles/<int:role_id>", roles.role, name="role"),
    path(
        "accounts/<int:account_id>/permissions/roles/<int:role_id>/<slug:key>",
        cells.cell,
        name="cell",
    ),
    # Why somebody may, or may not
    path("accounts/<int:account_id>/permissions/explain", explain.explain_page, name="explain"),
]
api = [
    path("accounts/<str:account_id>/roles", rest.Roles.as_view()),
    path("accounts/<str:account_id>/roles/<str:role_id>", rest.OneRole.as_view()),
    # Why somebody may, or may not
    path("accounts/<str:account_id>/permissions/explain", explain_api.ExplainInAccount.as_view()),
    path("courses/<str:course_id>/permissions/explain", explain_api.ExplainInCourse.as_view()),
]
