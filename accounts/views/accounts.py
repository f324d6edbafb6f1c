"""The account tree, an account's overview, its settings."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import update_account
from accounts.forms import AccountForm, RootAccountForm
from accounts.middleware import TenantRequest
from accounts.models import Account
from accounts.overview import attention, counts_of
from accounts.rules import MANAGE_ACCOUNT_SETTINGS
from accounts.sight import account_in_sight, breadcrumbs
from accounts.tree import courses_in, found_in, tree_of
from courses.rules import ADMINISTER_ACCOUNT
from pairing.panels import lifetime_in_words
from permissions.policy import permitted


@require_safe
def account_list(request: TenantRequest) -> HttpResponse:
    """The accounts that the person administers, and those below, as a tree; `q` finds some."""
    accounts = permitted(request.actor, ADMINISTER_ACCOUNT).live()
    text = request.GET.get("q", "")
    tree, hidden = tree_of(accounts, courses_in(accounts))
    context = {
        "tree": tree,
        "hidden": hidden,
        "found": found_in(accounts, text) if text.strip() else None,
    }
    return render(request, "accounts/account_list.html", context)


@require_safe
def account(request: TenantRequest, account_id: int) -> HttpResponse:
    """Overview: numbers, what needs attention, accounts below."""
    account = account_in_sight(request, account_id)
    below = Account.objects.live().filter(parent=account).order_by("name", "pk")
    counts = counts_of(account)
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account),
        "counts": counts,
        "below": below,
        "attention": attention(request.actor, account, counts),
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def account_settings(request: TenantRequest, account_id: int) -> HttpResponse:
    """Name and time zone; on the root account also what it decides for all below it."""
    account = account_in_sight(request, account_id, required=MANAGE_ACCOUNT_SETTINGS)
    form = _form(request, account)
    if form.is_valid() and _save(request, account, form):
        messages.success(request, _("Saved."))
        return redirect("accounts:account-settings", account.pk)
    held = request.root_account.settings
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("Settings")),
        "form": form,
        "root": request.root_account,
        "held": held,
        "lifetime": lifetime_in_words(held.code_lifetime_hours),
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/account_settings.html", context, status=status)


def _form(request: TenantRequest, account: Account) -> AccountForm:
    data = request.POST if request.method == "POST" else None
    if account.is_root:
        return RootAccountForm(data, account=request.root_account)
    return AccountForm(data, account=account)


def _save(request: TenantRequest, account: Account, form: AccountForm) -> bool:
    """Do what the form asks for; False, and the form says why, when it is refused."""
    fields = {name: form.cleaned_data[name] for name in ("name", "time_zone")}
    settings = form.settings if isinstance(form, RootAccountForm) else {}
    try:
        update_account(actor=request.actor, account=account, fields=fields, settings=settings)
    except ValidationError as error:
        for name, wrong in error.message_dict.items():
            form.add_error(name if name in form.fields else None, wrong)
        return False
    return True
