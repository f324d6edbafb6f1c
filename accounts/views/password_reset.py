"""Choosing a password by a link in a mail.

allauth's page takes what opens it from the path, which every server on the way logs, and keeps it
in the session, a row of the database. Here it comes in the query, and waits in the browser.
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.password_reset import finalize_password_reset
from allauth.core.ratelimit import consume, respond_429
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import ResetPasswordKeyForm, UserTokenForm
from accounts.middleware import TenantRequest
from accounts.models import User
from pairing.cookies import put_cookie

_KEY = f"{settings.COOKIE_PREFIX}password_key"
_KEY_SECONDS = 3600
_PAGE = "account/password_reset_from_key.html"


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def reset_password(request: TenantRequest) -> HttpResponse:
    """Where the link leads: to the same page without its key; POST sets the password."""
    if not consume(request, action="reset_password_from_key"):
        return respond_429(request)
    if "key" in request.GET:
        return _followed(request, request.GET["key"])
    user = _whose(request.COOKIES.get(_KEY, ""))
    if user is None:
        return _dead(request)
    if request.user.is_authenticated and request.user != user:
        get_adapter(request).logout(request)
    form = ResetPasswordKeyForm(request.POST or None, user=user)
    if not form.is_valid():
        return render(request, _PAGE, {"form": form}, status=422 if form.errors else 200)
    form.save()
    finalize_password_reset(request, user)
    return _without_key(redirect("account_reset_password_from_key_done"))


def _followed(request: TenantRequest, key: str) -> HttpResponse:
    if _whose(key) is None:
        return _dead(request)
    response = redirect("account_reset_password_from_key")
    put_cookie(response, _KEY, key, _KEY_SECONDS)
    return response


def _whose(key: str) -> User | None:
    """Whose password the key opens; None once it was used, after three days, in another tenant."""
    user_id, _, rest = key.partition("-")
    if not user_id:
        return None
    form = UserTokenForm({"uidb36": user_id, "key": rest})
    return form.reset_user if form.is_valid() else None


def _dead(request: TenantRequest) -> HttpResponse:
    return _without_key(render(request, _PAGE, {"token_fail": True}, status=410))


def _without_key(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(_KEY, samesite="Lax")
    return response
