"""Where a cell's page leads back to: the grid as it was filtered, or the role's page."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.middleware import TenantRequest
from permissions.cell_panel import CellPanel


def back_url(request: TenantRequest, panel: CellPanel) -> str:
    """The permissions page of this account from which the cell was reached, else its role's."""
    came_from = request.POST.get("back") or request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()})
    parts = urlsplit(came_from)
    page = reverse("permissions:grid", args=[panel.account.pk])
    role = reverse("permissions:role", args=[panel.account.pk, panel.role.pk])
    if is_ours and parts.path in (page, role):
        return parts._replace(scheme="", netloc="", fragment="").geturl()
    return role
