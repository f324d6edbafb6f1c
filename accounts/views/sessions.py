"""Signing people out: oneself in one browser or everywhere; others, as an administrator."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actions.sessions import sign_out, sign_out_everywhere
from accounts.middleware import TenantRequest
from accounts.sight import person_in_sight
from pairing.cookies import drop_code


@require_POST
def session_end(request: TenantRequest, session_id: str) -> HttpResponse:
    """Sign oneself out in one other browser."""
    person = request.actor.person
    assert person is not None
    ended = sign_out(actor=request.actor, person=person, session_id=session_id)
    said = _("That device is signed out.") if ended else _("That device was signed out already.")
    messages.success(request, said)
    # To the top, where that is said, and not to the list below it.
    return redirect("accounts:settings")


@require_POST
def own_sign_out_everywhere(request: TenantRequest) -> HttpResponse:
    """Sign oneself out everywhere, and so here."""
    person = request.actor.person
    assert person is not None
    sign_out_everywhere(actor=request.actor, person=person, tokens="tokens" in request.POST)
    get_adapter(request).logout(request)
    messages.success(request, _("You are signed out everywhere."))
    response = redirect("account_login")
    drop_code(response)
    return response


@require_POST
def user_sign_out(request: TenantRequest, user_id: int) -> HttpResponse:
    """Sign somebody out everywhere."""
    user = person_in_sight(request, user_id)
    sign_out_everywhere(actor=request.actor, person=user, tokens="tokens" in request.POST)
    if user == request.actor.real:  # and so here
        get_adapter(request).logout(request)
    messages.success(request, _("%(person)s is signed out everywhere.") % {"person": user.name})
    return redirect("accounts:user", user.pk)
