"""Developer keys of the root account: the list, adding one, its page; a secret is shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import TenantRequest
from accounts.people import searched
from accounts.sight import Crumbs, account_in_sight, breadcrumbs, breadcrumbs_below
from oauth.actions.keys import (
    HasNoSecret,
    Kind,
    change_key,
    create_key,
    delete_key,
    kind_of,
    renew_secret,
    switch_key,
)
from oauth.forms import KeyForm, NewKeyForm, initial_of
from oauth.models import DeveloperKey
from oauth.panels import keys_with_use
from oauth.rules import CHANGE_DEVELOPER_KEY, MANAGE_DEVELOPER_KEYS, TRUST_DEVELOPER_KEYS
from pairing_service.columns import columns
from pairing_service.http.scopes import served_scopes
from permissions.policy import Denied, may, permitted

if TYPE_CHECKING:
    from accounts.sight import SeenAccount

KEYS_PER_PAGE = 50
_SORTED_BY = {"name": "name", "people": "people", "used": "last_used_at"}


def _account(request: TenantRequest, account_id: int) -> SeenAccount:
    """The root account, whose keys the actor may manage. Raises Http404, Denied."""
    account = account_in_sight(request, account_id)
    if not account.may_manage_keys:
        raise Denied(MANAGE_DEVELOPER_KEYS)
    return account


def _key(request: TenantRequest, account_id: int, key_id: int) -> tuple[SeenAccount, DeveloperKey]:
    account = _account(request, account_id)
    keys = permitted(request.actor, CHANGE_DEVELOPER_KEY).existing()
    return account, get_object_or_404(keys, pk=key_id)


@require_safe
def developer_keys(request: TenantRequest, account_id: int) -> HttpResponse:
    """Which applications may ask people to let them act for them."""
    account = _account(request, account_id)
    wanted = request.GET.get("sort", "")
    field = wanted.removeprefix("-")
    if field not in _SORTED_BY:
        wanted = field = "name"
    text = searched(request.GET.get("q", ""))
    keys = keys_with_use(permitted(request.actor, CHANGE_DEVELOPER_KEY).existing())
    if text:
        keys = keys.filter(name__icontains=text) | keys.filter(client_id=text)
    by = F(_SORTED_BY[field])
    order = by.desc(nulls_last=True) if wanted.startswith("-") else by.asc(nulls_first=True)
    page = Paginator(keys.order_by(order, "pk"), KEYS_PER_PAGE).get_page(request.GET.get("page"))
    labels = {"name": _("Name"), "people": _("People"), "used": _("Last used")}
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("Developer keys")),
        "page": page,
        "columns": columns(labels, wanted),
        "text": text,
    }
    return render(request, "oauth/developer_keys.html", context)


def _crumbs(request: TenantRequest, account: SeenAccount, page: str) -> Crumbs:
    return breadcrumbs_below(request, account, (_("Developer keys"), "oauth:developer-keys"), page)


def _may_trust(request: TenantRequest) -> bool:
    return may(request.actor, TRUST_DEVELOPER_KEYS, request.root_account)


@require_http_methods(["GET", "HEAD", "POST"])
def developer_key_add(request: TenantRequest, account_id: int) -> HttpResponse:
    """Ask what it is, and show the key with its secret, this once."""
    account = _account(request, account_id)
    data = request.POST if request.method == "POST" else None
    form = NewKeyForm(data, may_trust=_may_trust(request))
    if form.is_valid():
        kind = Kind(form.cleaned_data["kind"])
        try:
            key, text = create_key(actor=request.actor, kind=kind, fields=form.said)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _made_page(request, account, key, text)
    context = {
        "account": account,
        "breadcrumbs": _crumbs(request, account, _("Add a developer key")),
        "form": form,
        "served": served_scopes(),
    }
    status = 422 if form.errors else 200
    return render(request, "oauth/developer_key_add.html", context, status=status)


def _made_page(
    request: TenantRequest, account: SeenAccount, key: DeveloperKey, text: str | None
) -> HttpResponse:
    context = {
        "account": account,
        "breadcrumbs": _crumbs(request, account, key.name),
        "key": key,
        "kind": kind_of(key),
        "text": text,
    }
    return render(request, "oauth/developer_key_made.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def developer_key(request: TenantRequest, account_id: int, key_id: int) -> HttpResponse:
    """A key, and what of it can be changed."""
    account, key = _key(request, account_id, key_id)
    may_trust = _may_trust(request)
    data = request.POST if request.method == "POST" else None
    form = KeyForm(data, may_trust=may_trust, kind=kind_of(key), initial=initial_of(key))
    if form.is_valid():
        try:
            change_key(actor=request.actor, key=key, fields=form.said)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("oauth:developer-key", account.pk, key.pk)
    [used] = keys_with_use(DeveloperKey.objects.filter(pk=key.pk))
    context = {
        "account": account,
        "breadcrumbs": _crumbs(request, account, key.name),
        "form": form,
        "key": used,
        "kind": kind_of(key),
        "may_change": may_trust or not key.is_trusted,
        "served": served_scopes(),
    }
    status = 422 if form.errors else 200
    return render(request, "oauth/developer_key.html", context, status=status)


@require_POST
def developer_key_secret(request: TenantRequest, account_id: int, key_id: int) -> HttpResponse:
    """Another secret, shown this once."""
    account, key = _key(request, account_id, key_id)
    try:
        key, text = renew_secret(actor=request.actor, key=key)
    except HasNoSecret as error:
        raise Http404 from error
    return _made_page(request, account, key, text)


@require_POST
def developer_key_switch(request: TenantRequest, account_id: int, key_id: int) -> HttpResponse:
    """On or off, as the form says."""
    account, key = _key(request, account_id, key_id)
    on = request.POST.get("state") == "on"
    switch_key(actor=request.actor, key=key, on=on)
    said = _("%(name)s is on.") if on else _("%(name)s is off: its tokens have ended.")
    messages.success(request, said % {"name": key.name})
    return redirect("oauth:developer-key", account.pk, key.pk)


@require_POST
def developer_key_delete(request: TenantRequest, account_id: int, key_id: int) -> HttpResponse:
    account, key = _key(request, account_id, key_id)
    delete_key(actor=request.actor, key=key)
    messages.success(request, _("%(name)s is deleted.") % {"name": key.name})
    return redirect("oauth:developer-keys", account.pk)
