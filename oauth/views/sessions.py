"""Signing in to the pages from an app (contract §9.4)."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.middleware import TenantRequest
from oauth.actions.sessions import SessionRefused, open_session


@login_not_required
@never_cache
@require_GET
def session_open(request: TenantRequest) -> HttpResponse:
    """Sign in whoever the address is for, in place of anybody else; a dead one asks to sign in."""
    try:
        token = open_session(actor=request.actor, text=request.GET.get("session_token", ""))
    except SessionRefused:
        return redirect("account_login")
    # Nothing of whoever used this browser before: not their acting as somebody, either.
    request.session.flush()
    login(request, token.user, backend="accounts.signin.TenantBackend")
    return HttpResponseRedirect(token.return_to)
