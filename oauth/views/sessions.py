"""Signing in to the pages from an app (contract §9.4)."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from accounts.actions import stop_acting
from accounts.middleware import OPENED_WITH, TenantRequest
from accounts.models import User
from oauth.actions.sessions import SessionRefused, open_session


@login_not_required
@require_GET
def session_open(request: TenantRequest) -> HttpResponse:
    """Sign in whoever the address is for, in place of anybody else; a dead one asks to sign in.

    So does one to which another site leads: who is signed in as somebody else without asking for
    it would redeem codes, and do whatever else, for them. Apps open it themselves.
    """
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return redirect("account_login")
    try:
        token = open_session(actor=request.actor, text=request.GET.get("session_token", ""))
    except SessionRefused:
        return redirect("account_login")
    sign_in_afresh(request, token.user)
    request.session[OPENED_WITH] = token.made_with
    return HttpResponseRedirect(token.return_to)


def sign_in_afresh(request: TenantRequest, user: User) -> None:
    """Sign the user in, and leave nothing of whoever used this browser before: not their acting as
    somebody, either."""
    stop_acting(actor=request.actor)
    request.session.flush()
    login(request, user, backend="accounts.signin.TenantBackend")
