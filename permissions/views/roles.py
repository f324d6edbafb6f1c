"""One role: what it may do here, its name, whether it can still be given."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.middleware import TenantRequest
from accounts.sight import account_in_sight, crumbs_along, lineage
from permissions import grid
from permissions.forms import RoleFilter
from permissions.panels import facts_of, kind_of, role_in_sight, sheet_of, to_grid
from permissions.rules import MANAGE_OVERRIDES
from permissions.table import table_of
from permissions.undoing import LastChange


@require_safe
def role(request: TenantRequest, account_id: int, role_id: int) -> HttpResponse:
    """A role in an account: every permission with its help, its state, where that comes from."""
    account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
    above = lineage(request, account)
    role = role_in_sight(account, role_id)
    filters = RoleFilter(request.GET)
    lines = grid.lines(
        grid.available(kind_of(role), in_root=account.is_root),
        search=request.GET.get("q", ""),
        enforced_only=filters.enforced_only,
        opened=[grid.ALL_GROUPS],
    )
    context = {
        "account": account,
        "breadcrumbs": crumbs_along(above, to_grid(account, kind_of(role)), (role.label, "")),
        "role": role,
        "facts": facts_of(role),
        "sheet": sheet_of(above, table_of(request.root_account)),
        "last": LastChange.kept_in(request.session, account),
        "filters": filters,
        "lines": lines,
    }
    return render(request, "permissions/role.html", context)
