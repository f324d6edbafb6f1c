"""One cell of the grid: what holds there and why. A page, or the grid's menu."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.middleware import TenantRequest
from accounts.models import Account
from accounts.sight import account_in_sight, crumbs_along, lineage
from permissions.catalogue import UnknownPermission
from permissions.grid import available, keys_of, label_of
from permissions.models import Role
from permissions.panels import kind_of, role_in_sight, sheet_of, story_of, to_grid, to_role
from permissions.rules import MANAGE_OVERRIDES
from permissions.table import table_of


@require_safe
def cell(request: TenantRequest, account_id: int, role_id: int, key: str) -> HttpResponse:
    """What one permission, or a group, is for a role in an account."""
    account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
    role = role_in_sight(account, role_id)
    label = _label(account, role, key)
    above = lineage(request, account)
    sheet = sheet_of(above, table_of(request.root_account))
    crumbs = (to_grid(account, kind_of(role)), to_role(account, role), (label, ""))
    context = {
        "account": account,
        "breadcrumbs": crumbs_along(above, *crumbs),
        "role": role,
        "key": key,
        "label": label,
        "sheet": sheet,
        "state": sheet.state(role, key),
        "facts": story_of(sheet, role, key),
    }
    is_menu = request.headers.get("HX-Request") == "true"
    template = "permissions/_cell_menu.html" if is_menu else "permissions/cell.html"
    return render(request, template, context)


def _label(account: Account, role: Role, key: str) -> str:
    """Raises Http404 for what can't be set for such a role in the account."""
    there = {one.key for one in available(kind_of(role), in_root=account.is_root)}
    try:
        label = label_of(key)
    except UnknownPermission as error:
        raise Http404 from error
    if there.isdisjoint(keys_of(key)):
        raise Http404
    return label
