"""The administrators of an account: the list, adding one, another role, taking a role away."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import people
from accounts.forms import AdministratorForm, AdministratorsFilter, RoleForm
from accounts.middleware import TenantRequest
from accounts.models import User, has_login, login_key
from accounts.rules import SEE_PERSON
from accounts.sight import Crumbs, account_in_sight, breadcrumbs, breadcrumbs_below, lineage
from courses.rules import ADMINISTER_ACCOUNT, SEE_USER_PAGE
from pairing_service.columns import columns
from permissions.actions.administrators import (
    AdministratorRefused,
    LastAdministrator,
    add_administrator,
    change_administrator,
    remove_administrator,
)
from permissions.administrators import roles_to_give
from permissions.models import AccountMembership, Role
from permissions.policy import Denied, answered, permitted
from permissions.rules import MANAGE_ADMINISTRATORS, REMOVE_ADMINISTRATOR

if TYPE_CHECKING:
    from accounts.sight import SeenAccount

ADMINS_PER_PAGE = 50
_SHOWN = {
    "below": Q(),
    "suspended": Q(user__state=User.State.SUSPENDED),
    "deactivated": Q(role__state=Role.State.INACTIVE),
}
_SORTED_BY = {"name": "user__name_key", "role": "role__label"}
_LAST = gettext_lazy(
    "%(person)s is the last Account Admin of %(account)s who can sign in: without them nobody could"
    " manage it. Make somebody else an Account Admin first."
)
_ENDED = gettext_lazy("This role can't be given any more. Choose another one.")


@require_safe
def admins(request: TenantRequest, account_id: int) -> HttpResponse:
    """Who holds which role in the account, or also below it; of the accounts above, how many."""
    account = account_in_sight(request, account_id, required=MANAGE_ADMINISTRATORS)
    show = request.GET.get("show", "")
    found = _search(_shown(request, account, show), request.GET.get("q", ""), account)
    wanted = request.GET.get("sort", "")
    field = wanted.removeprefix("-")
    if field not in _SORTED_BY:
        wanted = field = "name"
    found = people.in_order(found, _SORTED_BY[field], is_descending=wanted.startswith("-"))
    rows = answered(found, request.actor, may_change=REMOVE_ADMINISTRATOR)
    page = Paginator(rows.select_related("user", "role", "account"), ADMINS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("Administrators")),
        "page": page,
        "with_page": _with_page(request, [membership.user_id for membership in page]),
        "columns": columns({"name": _("Name"), "role": _("Role")}, wanted),
        "filters": AdministratorsFilter(request.GET),
        "with_accounts": show in _SHOWN,
        "above": _above(request, account),
        "is_narrowed": bool(request.GET.get("q", "").strip() or show in _SHOWN),
    }
    return render(request, "accounts/admins.html", context)


def _memberships(account: SeenAccount) -> QuerySet[AccountMembership]:
    there = AccountMembership.objects.active().filter(account=account)
    return there.exclude(user__state=User.State.DELETED)


def _shown(request: TenantRequest, account: SeenAccount, which: str) -> QuerySet[AccountMembership]:
    """Those in the account itself; with a filter, also those below it that it names."""
    if which not in _SHOWN:
        return _memberships(account)
    managed = permitted(request.actor, MANAGE_ADMINISTRATORS).live().within(account)
    there = AccountMembership.objects.active().filter(_SHOWN[which], account__in=managed)
    return there.exclude(user__state=User.State.DELETED)


def _search(
    memberships: QuerySet[AccountMembership], text: str, account: SeenAccount
) -> QuerySet[AccountMembership]:
    text = people.searched(text)
    if not text:
        return memberships
    found = people.named(text, "user__name_key") | Q(role__label__icontains=text)
    if account.shows_login:
        found |= has_login("user", login_key__startswith=login_key(text))
    return memberships.filter(found)


def _with_page(request: TenantRequest, user_ids: list[int]) -> set[int]:
    """Of which of these people the page may be opened."""
    seen = permitted(request.actor, SEE_USER_PAGE).filter(pk__in=user_ids)
    return set(seen.values_list("pk", flat=True))


def _above(request: TenantRequest, account: SeenAccount) -> list[tuple[SeenAccount, int]]:
    """The accounts above, and how many people administer this one from there."""
    accounts = lineage(request, account)[:-1]
    there = AccountMembership.objects.active().filter(
        account__in=accounts, user__state=User.State.ACTIVE
    )
    numbers = dict(there.values_list("account").annotate(Count("user", distinct=True)))
    return [(one, numbers[one.pk]) for one in accounts if one.pk in numbers]


@require_http_methods(["GET", "HEAD", "POST"])
def admin_add(request: TenantRequest, account_id: int) -> HttpResponse:
    """Find a person, choose one of the roles that the actor may give."""
    account = account_in_sight(request, account_id, required=MANAGE_ADMINISTRATORS)
    seen = permitted(request.actor, SEE_PERSON).existing()
    form = AdministratorForm(
        request.POST if request.method == "POST" else None,
        people=seen,
        roles=roles_to_give(request.actor, account),
    )
    if form.is_valid() and _add(request, account, form):
        return redirect("accounts:admins", account.pk)
    sent = request.POST if request.method == "POST" else request.GET
    text = sent.get("q", "")
    found, has_more = people.find(seen, request.actor, text)
    context = {
        "account": account,
        "breadcrumbs": _crumbs(request, account, _("Add an administrator")),
        "form": form,
        "text": text,
        "found": people.candidates(found, _roles_of(account, found)),
        "has_more": has_more,
        "ticked": request.POST.getlist("person"),
    }
    return render(request, "accounts/admin_add.html", context, status=422 if form.errors else 200)


def _add(request: TenantRequest, account: SeenAccount, form: AdministratorForm) -> bool:
    user, role = form.cleaned_data["person"], form.cleaned_data["role"]
    try:
        add_administrator(actor=request.actor, account=account, user=user, role=role)
    except AdministratorRefused:
        form.add_error("role", _ENDED)
        return False
    said = _("%(person)s is %(role)s of %(account)s now.")
    words = {"person": user.name, "role": role.label, "account": account.name}
    messages.success(request, said % words)
    return True


def _roles_of(account: SeenAccount, users: list[User]) -> dict[int, list[str]]:
    roles: dict[int, list[str]] = defaultdict(list)
    there = _memberships(account).filter(user__in=users)
    for user_id, label in there.values_list("user_id", "role__label"):
        roles[user_id].append(label)
    return roles


def _crumbs(request: TenantRequest, account: SeenAccount, page: str) -> Crumbs:
    return breadcrumbs_below(request, account, (_("Administrators"), "accounts:admins"), page)


@require_http_methods(["GET", "HEAD", "POST"])
def admin_change(request: TenantRequest, account_id: int, membership_id: int) -> HttpResponse:
    """Give an administrator another role, or take the one they have."""
    account, membership = _found(request, account_id, membership_id)
    data = request.POST if request.method == "POST" else None
    form = _role_form(request, account, membership, data)
    if form.is_valid() and _change(request, membership, form):
        return _back(request, account)
    return _admin_page(request, account, membership, form)


def _found(
    request: TenantRequest, account_id: int, membership_id: int
) -> tuple[SeenAccount, AccountMembership]:
    """404 for what is not there, 403 for a role that holds more than the actor does."""
    account = account_in_sight(request, account_id, required=MANAGE_ADMINISTRATORS)
    there = answered(_memberships(account), request.actor, may_change=REMOVE_ADMINISTRATOR)
    membership: Any = get_object_or_404(
        there.select_related("user", "role", "account"), pk=membership_id
    )
    if not membership.may_change:
        raise Denied(REMOVE_ADMINISTRATOR)
    return account, membership


def _role_form(
    request: TenantRequest, account: SeenAccount, membership: AccountMembership, data: Any = None
) -> RoleForm:
    return RoleForm(
        data,
        roles=roles_to_give(request.actor, account),
        initial={"role": membership.role_id},
    )


def _admin_page(
    request: TenantRequest,
    account: SeenAccount,
    membership: AccountMembership,
    form: RoleForm,
    *,
    refused: str = "",
) -> HttpResponse:
    context = {
        "account": account,
        "membership": membership,
        "breadcrumbs": _crumbs(request, account, membership.user.name),
        "form": form,
        "refused": refused,
        "is_oneself": membership.user == request.actor.person,
    }
    status = 422 if form.errors or refused else 200
    return render(request, "accounts/admin.html", context, status=status)


def _change(request: TenantRequest, membership: AccountMembership, form: RoleForm) -> bool:
    role = form.cleaned_data["role"]
    try:
        change_administrator(actor=request.actor, membership=membership, role=role)
    except AdministratorRefused:
        form.add_error("role", _ENDED)
    except LastAdministrator:
        form.add_error("role", _LAST % _names(membership))
    else:
        said = _("%(person)s is %(role)s of %(account)s now.")
        messages.success(request, said % (_names(membership) | {"role": role.label}))
    return not form.errors


def _names(membership: AccountMembership) -> dict[str, str]:
    return {
        "person": membership.user.name,
        "account": membership.account.name,
        "role": membership.role.label,
    }


@require_POST
def admin_remove(request: TenantRequest, account_id: int, membership_id: int) -> HttpResponse:
    """Take the role away; the page offers to add them again."""
    account, membership = _found(request, account_id, membership_id)
    try:
        remove_administrator(actor=request.actor, membership=membership)
    except LastAdministrator:
        form = _role_form(request, account, membership)
        return _admin_page(request, account, membership, form, refused=_LAST % _names(membership))
    said = _("%(person)s is no longer %(role)s of %(account)s.")
    messages.success(request, said % _names(membership))
    return _back(request, account)


def _back(request: TenantRequest, account: SeenAccount) -> HttpResponse:
    """To the list; who took their own role away may see it no more."""
    actor = request.actor
    actor.memo.clear()
    if permitted(actor, MANAGE_ADMINISTRATORS).filter(pk=account.pk).exists():
        return redirect("accounts:admins", account.pk)
    administers = permitted(actor, ADMINISTER_ACCOUNT).filter(pk=account.pk).exists()
    return redirect("accounts:account", account.pk) if administers else redirect("accounts:home")
