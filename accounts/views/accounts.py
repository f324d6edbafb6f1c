"""The account tree, an account's overview, its settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import update_account
from accounts.forms import AccountForm, RootSettingsForm
from accounts.middleware import TenantRequest
from accounts.models import Account
from accounts.overview import counts_of
from accounts.rules import MANAGE_ACCOUNT_SETTINGS
from accounts.sight import account_in_sight, breadcrumbs
from accounts.tree import tree_of
from courses.rules import ADMINISTER_ACCOUNT
from pairing.panels import lifetime_in_words
from permissions.policy import permitted


@require_safe
def account_list(request: TenantRequest) -> HttpResponse:
    """The accounts that the person administers, with those below them, as a tree."""
    accounts = permitted(request.actor, ADMINISTER_ACCOUNT).live()
    tree, hidden = tree_of(accounts)
    return render(request, "accounts/account_list.html", {"tree": tree, "hidden": hidden})


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
        "closed": account.is_root and not request.root_account.settings.is_open,
        "without_sign_in": counts.without_sign_in if account.may_set_up_sign_ins else 0,
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def account_settings(request: TenantRequest, account_id: int) -> HttpResponse:
    """Name and time zone; on the root account also what it decides for all below it."""
    account = account_in_sight(request, account_id, required=MANAGE_ACCOUNT_SETTINGS)
    forms = _forms(request, account)
    # Both are checked, so that all errors are shown at once.
    are_valid = request.method == "POST" and all([form.is_valid() for form in forms])  # noqa: C419
    if are_valid and _save(request, account, forms):
        messages.success(request, _("Saved."))
        return redirect("accounts:account-settings", account.pk)
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("Settings")),
        "form": forms[0],
        "root_form": forms[1] if account.is_root else None,
        "root": request.root_account,
        "held": request.root_account.settings,
        "lifetime": lifetime_in_words(request.root_account.settings.code_lifetime_hours),
    }
    status = 422 if any(form.errors for form in forms) else 200
    return render(request, "accounts/account_settings.html", context, status=status)


def _forms(request: TenantRequest, account: Account) -> list[Any]:
    data = request.POST if request.method == "POST" else None
    initial = {"name": account.name, "time_zone": account.time_zone}
    forms: list[Any] = [AccountForm(data, account=account, initial=initial)]
    if account.is_root:
        held = RootSettingsForm.initial_of(request.root_account.settings)
        forms.append(RootSettingsForm(data, initial=held))
    return forms


def _save(request: TenantRequest, account: Account, forms: list[Any]) -> bool:
    settings = forms[1].settings if account.is_root else {}
    try:
        update_account(
            actor=request.actor, account=account, fields=forms[0].cleaned_data, settings=settings
        )
    except ValidationError as error:
        _tell(forms, error)
        return False
    return True


def _tell(forms: list[Form], error: ValidationError) -> None:
    """Put each of the action's errors to the field that it is about, or above the form."""
    for name, wrong in error.message_dict.items():
        form = next((form for form in forms if name in form.fields), None)
        (form or forms[0]).add_error(name if form else None, wrong)
