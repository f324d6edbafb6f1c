"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from permissions.api import administrators, catalogue, held
from permissions.api import explain as explaining
from permissions.api import roles as rest
from permissions.views import cells, explain, grid, roles

pages = [
    path("accounts/<int:account_id>/permissions", grid.permission_grid, name="grid"),
    path("accounts/<int:account_id>/permissions/undo", cells.undo, name="undo"),
    path("accounts/<int:account_id>/permissions/roles/new", roles.role_add, name="role-add"),
    path("accounts/<int:account_id>/permissions/roles/<int:role_id>", roles.role, name="role"),
    path(
        "accounts/<int:account_id>/permissions/roles/<int:role_id>/rename",
        roles.role_rename,
        name="role-rename",
    ),
    path(
        "accounts/<int:account_id>/permissions/roles/<int:role_id>/deactivate",
        roles.role_deactivate,
        name="role-deactivate",
    ),
    path(
        "accounts/<int:account_id>/permissions/roles/<int:role_id>/activate",
        roles.role_activate,
        name="role-activate",
    ),
    path(
        "accounts/<int:account_id>/permissions/roles/<int:role_id>/<slug:key>",
        cells.cell,
        name="cell",
    ),
    # Why somebody may, or may not
    path("accounts/<int:account_id>/permissions/explain", explain.explain_page, name="explain"),
]
api = [
    # Roles
    path("accounts/<str:account_id>/roles", rest.Roles.as_view()),
    path("accounts/<str:account_id>/roles/permissions", catalogue.Permissions.as_view()),
    path("accounts/<str:account_id>/roles/<str:role_id>", rest.OneRole.as_view()),
    path("accounts/<str:account_id>/roles/<str:role_id>/activate", rest.RoleActivation.as_view()),
    # The catalogue
    path("permissions/groups", catalogue.Groups.as_view()),
    path(
        "permissions/<str:context_type>/<str:permission>/help", catalogue.PermissionHelp.as_view()
    ),
    # What the caller holds
    path("accounts/<str:account_id>/permissions", held.HeldInAccount.as_view()),
    path("courses/<str:course_id>/permissions", held.HeldInCourse.as_view()),
    # Administrators
    path("accounts/<str:account_id>/admins", administrators.Administrators.as_view()),
    path(
        "accounts/<str:account_id>/admins/<str:user_id>", administrators.OneAdministrator.as_view()
    ),
    # Why somebody may, or may not
    path("accounts/<str:account_id>/permissions/explain", explaining.ExplainInAccount.as_view()),
    path("courses/<str:course_id>/permissions/explain", explaining.ExplainInCourse.as_view()),
]
