"""The accounts below an account: the tree, adding, renaming, moving, removing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import (
    AccountOccupied,
    TooDeep,
    WouldCircle,
    create_sub_account,
    delete_sub_account,
    move_sub_account,
    update_account,
)
from accounts.forms import MoveForm, RenameForm, SubAccountForm
from accounts.middleware import TenantRequest
from accounts.models import Account
from accounts.rules import MANAGE_ACCOUNT_SETTINGS
from accounts.sight import Crumbs, account_in_sight, breadcrumbs, breadcrumbs_below
from accounts.tree import choices_of, courses_in, found_in, tree_of
from courses.models import Course
from permissions.models import AccountMembership
from permissions.policy import may, permitted
from permissions.rules import CHANGE_ANY_OVERRIDE

if TYPE_CHECKING:
    from accounts.sight import SeenAccount

_CIRCLE = gettext_lazy("An account can't hang below itself.")
_TOO_DEEP = gettext_lazy("That would be too many accounts below one another.")


@require_safe
def sub_accounts(request: TenantRequest, account_id: int) -> HttpResponse:
    """The tree below the account; `q` finds accounts in it."""
    account = account_in_sight(request, account_id, required=MANAGE_ACCOUNT_SETTINGS)
    below = _below(account)
    text = request.GET.get("q", "")
    tree, hidden = tree_of(below, courses_in(below))
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("Sub-accounts")),
        "tree": tree,
        "hidden": hidden,
        "found": found_in(below, text) if text.strip() else None,
    }
    return render(request, "accounts/sub_accounts.html", context)


def _below(account: Account) -> QuerySet[Account]:
    return Account.objects.live().within(account).exclude(pk=account.pk)


def _crumbs(request: TenantRequest, account: SeenAccount, page: str) -> Crumbs:
    parent = (_("Sub-accounts"), "accounts:sub-accounts")
    return breadcrumbs_below(request, account, parent, page)


@require_http_methods(["GET", "HEAD", "POST"])
def sub_account_add(request: TenantRequest, account_id: int) -> HttpResponse:
    """A new account, below this one or one below it."""
    account = account_in_sight(request, account_id, required=MANAGE_ACCOUNT_SETTINGS)
    parents = Account.objects.live().within(account)
    form = SubAccountForm(
        request.POST if request.method == "POST" else None,
        parents=choices_of(parents),
        initial={"parent": account.pk},
    )
    if form.is_valid():
        parent, name = parents.get(pk=form.cleaned_data["parent"]), form.cleaned_data["name"]
        try:
            added = create_sub_account(actor=request.actor, parent=parent, name=name)
        except TooDeep:
            form.add_error("parent", _TOO_DEEP)
        else:
            messages.success(request, _("%(account)s has been added.") % {"account": added.name})
            return redirect("accounts:sub-accounts", account.pk)
    context = {
        "account": account,
        "breadcrumbs": _crumbs(request, account, _("Add a sub-account")),
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/sub_account_add.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def sub_account(request: TenantRequest, account_id: int, sub_account_id: int) -> HttpResponse:
    """Rename an account, or hang it below another."""
    account, sub = _found(request, account_id, sub_account_id)
    forms = _forms(request, sub)
    sent = forms.get(request.POST.get("form", ""))
    if sent is not None and sent.is_valid() and _save(request, sub, sent):
        messages.success(request, _("Saved."))
        # It may hang elsewhere now, where this account's page does not show it.
        is_here = sub.path.startswith(account.path)
        return redirect("accounts:sub-accounts", account.pk if is_here else sub.parent_id)
    return _sub_account_page(request, account, sub, forms, status=422 if sent else 200)


def _found(
    request: TenantRequest, account_id: int, sub_account_id: int
) -> tuple[SeenAccount, Account]:
    account = account_in_sight(request, account_id, required=MANAGE_ACCOUNT_SETTINGS)
    return account, get_object_or_404(_below(account).select_related("parent"), pk=sub_account_id)


def _forms(request: TenantRequest, sub: Account) -> dict[str, Form]:
    """The forms of the page; the one that was sent has its data. Account Admins move accounts."""

    def data(name: str) -> Any:
        return request.POST if request.POST.get("form") == name else None

    forms: dict[str, Form] = {"rename": RenameForm(data("rename"), initial={"name": sub.name})}
    assert sub.parent is not None
    if may(request.actor, CHANGE_ANY_OVERRIDE, sub.parent):
        governed = permitted(request.actor, CHANGE_ANY_OVERRIDE).live()
        parents = choices_of(governed.exclude(path__startswith=sub.path))
        initial = {"parent": sub.parent_id}
        forms["move"] = MoveForm(data("move"), parents=parents, initial=initial)
    return forms


def _save(request: TenantRequest, sub: Account, form: Form) -> bool:
    """Do what the form asks for; False, and the form says why, when it is refused."""
    given, actor = form.cleaned_data, request.actor
    try:
        if isinstance(form, RenameForm):
            update_account(actor=actor, account=sub, fields=given, settings={})
        else:
            parent = Account.objects.get(pk=given["parent"])
            move_sub_account(actor=actor, account=sub, parent=parent)
    except WouldCircle:
        form.add_error("parent", _CIRCLE)
    except TooDeep:
        form.add_error("parent", _TOO_DEEP)
    except ValidationError as error:
        form.add_error(None, error)
    return not form.errors


@require_POST
def sub_account_remove(
    request: TenantRequest, account_id: int, sub_account_id: int
) -> HttpResponse:
    """Remove an account in which nothing is."""
    account, sub = _found(request, account_id, sub_account_id)
    try:
        delete_sub_account(actor=request.actor, account=sub)
    except AccountOccupied:
        return _sub_account_page(request, account, sub, _forms(request, sub), status=422)
    messages.success(request, _("%(account)s is removed.") % {"account": sub.name})
    return redirect("accounts:sub-accounts", account.pk)


def _sub_account_page(
    request: TenantRequest, account: SeenAccount, sub: Account, forms: dict[str, Form], status: int
) -> HttpResponse:
    request.page_url = reverse("accounts:sub-account", args=[account.pk, sub.pk])
    admins = AccountMembership.objects.active().filter(account=sub)
    context = {
        "account": account,
        "sub": sub,
        "breadcrumbs": _crumbs(request, account, sub.name),
        "forms": forms,
        "accounts": Account.objects.live().filter(parent=sub).count(),
        "courses": Course.objects.existing().filter(account=sub).count(),
        "admins": admins.values("user").distinct().count(),
    }
    return render(request, "accounts/sub_account.html", context, status=status)
