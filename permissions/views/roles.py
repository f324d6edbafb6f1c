"""One role: what it may do here, its name, whether it can still be given; a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import TenantRequest
from accounts.models import Account
from accounts.sight import account_in_sight, crumbs_along, lineage
from permissions import grid
from permissions.actions import (
    RoleRefused,
    activate_role,
    create_role,
    deactivate_role,
    rename_role,
)
from permissions.forms import RoleFilter, RoleForm, RoleNameForm
from permissions.models import Role
from permissions.panels import (
    dangers_of_copy,
    facts_of,
    kind_of,
    role_in_sight,
    roles_shown,
    sheet_of,
    to_grid,
)
from permissions.policy import Denied
from permissions.rules import CHANGE_ANY_OVERRIDE, MANAGE_OVERRIDES
from permissions.table import table_of
from permissions.undoing import LastChange


@require_safe
def role(request: TenantRequest, account_id: int, role_id: int) -> HttpResponse:
    """A role in an account: every permission with its help, its state, where that comes from."""
    account, role = _account_and_role(request, account_id, role_id)
    return _page(request, account, role, RoleNameForm(initial={"label": role.label}))


def _account_and_role(
    request: TenantRequest, account_id: int, role_id: int
) -> tuple[Account, Role]:
    account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
    return account, role_in_sight(account, role_id)


def _page(request: TenantRequest, account: Account, role: Role, form: RoleNameForm) -> HttpResponse:
    above = lineage(request, account)
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
        "form": form,
        "is_own": role.account_id == account.pk and role.state != Role.State.BUILT_IN,
        "home": next((one for one in above[:-1] if one.pk == role.account_id), None),
    }
    return render(request, "permissions/role.html", context, status=422 if form.errors else 200)


# --- Its name, and whether it can be given: where it belongs ---


def _own_role(request: TenantRequest, account_id: int, role_id: int) -> tuple[Account, Role]:
    account, role = _account_and_role(request, account_id, role_id)
    if role.account_id != account.pk:
        raise Http404
    return account, role


@require_POST
def role_rename(request: TenantRequest, account_id: int, role_id: int) -> HttpResponse:
    """Another name for one of the account's own roles."""
    account, role = _own_role(request, account_id, role_id)
    before = role.label
    form = RoleNameForm(request.POST)
    if form.is_valid():
        try:
            rename_role(actor=request.actor, role=role, label=form.cleaned_data["label"])
        except ValidationError as error:
            form.blame(error)
        except RoleRefused:
            form.add_error(None, _("A built-in role keeps its name."))
        else:
            messages.success(request, _("Renamed."))
            return redirect("permissions:role", account.pk, role.pk)
    role.label = before
    return _page(request, account, role, form)


@require_POST
def role_deactivate(request: TenantRequest, account_id: int, role_id: int) -> HttpResponse:
    """No longer to be given; whoever has it keeps it."""
    account, role = _own_role(request, account_id, role_id)
    try:
        deactivate_role(actor=request.actor, role=role)
        messages.success(request, _("“%(role)s” is inactive now.") % {"role": role.label})
    except RoleRefused:
        messages.warning(request, _("This role can't be deactivated, or is inactive already."))
    return redirect("permissions:role", account.pk, role.pk)


@require_POST
def role_activate(request: TenantRequest, account_id: int, role_id: int) -> HttpResponse:
    """To be given again."""
    account, role = _own_role(request, account_id, role_id)
    try:
        activate_role(actor=request.actor, role=role)
        messages.success(request, _("“%(role)s” is active again.") % {"role": role.label})
    except RoleRefused:
        messages.warning(
            request, _("It is active already, or another role has its name: rename one first.")
        )
    return redirect("permissions:role", account.pk, role.pk)


# --- A new one ---


@require_http_methods(["GET", "HEAD", "POST"])
def role_add(request: TenantRequest, account_id: int) -> HttpResponse:
    """A new role, from a base or as a copy; `copy` in the address proposes which."""
    account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
    roles = roles_shown(account)
    initial = {"start": f"copy:{request.GET['copy']}"} if "copy" in request.GET else {}
    form = RoleForm(
        request.POST if request.method == "POST" else None, roles=roles, initial=initial
    )
    above = lineage(request, account)
    context: dict[str, Any] = {
        "account": account,
        "breadcrumbs": crumbs_along(
            above, to_grid(account, grid.Kind.COURSE), (_("Add a role"), "")
        ),
        "form": form,
    }
    if form.is_valid():
        source = next((role for role in roles if role.pk == form.copy_of_id), None)
        sheet = sheet_of(above, table_of(request.root_account))
        if source and not form.cleaned_data["confirmed"]:
            context["dangers"] = dangers_of_copy(sheet, source)
        if not context.get("dangers") and (added := _added(request, account, form, source)):
            messages.success(request, _("Added. Set now what it may do."))
            return redirect("permissions:role", account.pk, added.pk)
    status = 422 if form.errors or context.get("dangers") else 200
    return render(request, "permissions/role_add.html", context, status=status)


def _added(
    request: TenantRequest, account: Account, form: RoleForm, source: Role | None
) -> Role | None:
    """The new role; None, and the form says why, when it is refused."""
    try:
        return create_role(
            actor=request.actor,
            account=account,
            label=form.cleaned_data["label"],
            base_role=form.base_role,
            copy_of=source,
        )
    except ValidationError as error:
        form.blame(error)
    except Denied as error:
        if error.rule is not CHANGE_ANY_OVERRIDE:
            raise
        form.add_error("start", _("This would hold more than you hold here yourself."))
    return None
