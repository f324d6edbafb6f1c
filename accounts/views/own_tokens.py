"""User Settings: one's own access tokens; a new one is shown once."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import TokenForm
from accounts.middleware import TenantRequest
from accounts.models import AccessToken
from accounts.rules import EDIT_OWN_SETTINGS
from accounts.tokens import activate_token, create_token, end_token
from permissions.policy import require


@require_http_methods(["GET", "HEAD", "POST"])
def token_add(request: TenantRequest) -> HttpResponse:
    """Ask what a token is for, and show it, this once. Nobody makes one while acting."""
    person = request.actor.person
    assert person is not None
    require(request.actor, EDIT_OWN_SETTINGS, person)
    form = TokenForm(request.POST if request.method == "POST" else None)
    here = [(_("User Settings"), reverse("accounts:settings")), (_("New access token"), "")]
    context: dict[str, Any] = {"form": form, "breadcrumbs": here}
    if form.is_valid():
        context["token"], context["text"] = create_token(
            actor=request.actor,
            user=person,
            purpose=form.cleaned_data["purpose"],
            expires_at=_end_of(form.cleaned_data["last_day"]),
        )
    status = 422 if form.errors else 200
    return render(request, "accounts/token_add.html", context, status=status)


def _end_of(day: date | None) -> datetime | None:
    """The last moment of the day in the person's time zone: what is shown is the day they chose."""
    if day is None:
        return None
    return timezone.make_aware(datetime.combine(day, time.max))


def _own_token(request: TenantRequest, token_id: int) -> AccessToken:
    tokens = AccessToken.objects.kept().select_related("user")
    return get_object_or_404(tokens, pk=token_id, user=request.actor.person)


@require_POST
def token_end(request: TenantRequest, token_id: int) -> HttpResponse:
    token = _own_token(request, token_id)
    end_token(actor=request.actor, token=token)
    messages.success(request, _("The token “%(purpose)s” is ended.") % {"purpose": token.purpose})
    return redirect("accounts:settings")


@require_POST
def token_activate(request: TenantRequest, token_id: int) -> HttpResponse:
    """Let a token that an administrator made for the person work."""
    token = _own_token(request, token_id)
    activate_token(actor=request.actor, token=token)
    messages.success(request, _("The token “%(purpose)s” works now.") % {"purpose": token.purpose})
    return redirect("accounts:settings")
