"""The permissions page of an account: two tabs, a grid of permissions × roles."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import TenantRequest
from accounts.models import Account
from accounts.sight import account_in_sight, crumbs_along, lineage
from permissions import grid
from permissions.forms import GridFilter
from permissions.grid import Kind
from permissions.models import Role
from permissions.panels import lines_with_url, of_kind, roles_shown, sheet_of
from permissions.rules import MANAGE_OVERRIDES
from permissions.table import table_of
from permissions.undoing import LastChange


@require_safe
def permission_grid(request: TenantRequest, account_id: int) -> HttpResponse:
    """What every role may do in the account. `kind` is the tab, `open` names groups."""
    account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
    above = lineage(request, account)
    kind = Kind.ACCOUNT if request.GET.get("kind") == Kind.ACCOUNT else Kind.COURSE
    known = of_kind(roles_shown(account), kind)
    roles = [role for role in known if role.state != Role.State.INACTIVE]
    filters = GridFilter(request.GET, roles=roles)
    lines = _lines(request, account, kind, filters)
    context: dict[str, Any] = {
        "account": account,
        "breadcrumbs": crumbs_along(above, (_("Permissions"), "")),
        "kind": kind,
        "sheet": sheet_of(above, table_of(request.root_account)),
        "last": LastChange.kept_in(request.session, account),
        "filters": filters,
        "roles": [role for role in roles if filters.role_id in (None, role.pk)],
        "inactive": [role for role in known if role.state == Role.State.INACTIVE],
        "lines": lines_with_url(lines, request.GET),
        "has_groups": any(line.is_group for line in lines),
    }
    if one := _asked_for_by_a_script(request, lines):
        context["lines"] = lines_with_url([one], request.GET)
        return render(request, "permissions/_one_group.html", context)
    return render(request, "permissions/grid.html", context)


def _lines(
    request: TenantRequest, account: Account, kind: Kind, filters: GridFilter
) -> list[grid.Line]:
    return grid.lines(
        grid.available(kind, in_root=account.is_root),
        search=request.GET.get("q", ""),
        enforced_only=filters.enforced_only,
        opened=request.GET.getlist("open"),
    )


def _asked_for_by_a_script(request: TenantRequest, lines: list[grid.Line]) -> grid.Line | None:
    """The group that it opens or closes: it needs no more than that."""
    target = request.headers.get("HX-Target", "")
    return next((line for line in lines if target == f"group-{line.key}"), None)
