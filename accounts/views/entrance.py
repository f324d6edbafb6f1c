"""The first page, signing in, the first password of one's own, the language."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView, LogoutView
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import choose_password, update_own_settings
from accounts.forms import ChoosePasswordForm
from accounts.home import needs_of
from accounts.middleware import TYPED_LOGIN, TenantRequest
from accounts.sign_on import provider_id_of, provider_of
from accounts.signin import comes_from_school
from pairing.cookies import drop_code, kept_code, know_browser


@login_not_required
@require_safe
def home(request: TenantRequest) -> HttpResponse:
    """Signed out: the ways in. Signed in: what this person needs next."""
    if request.actor.person is None:
        return render(
            request, "home_visitor.html", {"is_open": request.root_account.settings.is_open}
        )
    return render(request, "home.html", needs_of(request.actor))


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """allauth's, which limits tries. A code that this browser keeps is filled in afterwards."""

    def dispatch(self, request: TenantRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        if comes_from_school(request):
            know_browser(request, response)
        return response

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"login": self.request.session.pop(TYPED_LOGIN, "")}

    def get_success_url(self) -> str:
        found: str = super().get_success_url()
        # An application that waits for an answer goes first; the code stays kept.
        is_asked = found.startswith(reverse("oauth:auth"))
        return reverse("pairing:observees") if kept_code(self.request) and not is_asked else found

    def get_default_success_url(self) -> str:
        return resolve_url(settings.LOGIN_REDIRECT_URL)

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        return context | {
            "kept": kept_code(self.request),
            "is_open": self.request.root_account.settings.is_open,
            "sign_on": provider_of(self.request.root_account),
            "provider_id": provider_id_of(self.request.root_account),
        }


class SignOut(LogoutView):
    """allauth's. On a shared computer the next person finds no code that somebody typed in."""

    def dispatch(self, request: TenantRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        if request.method == "POST":
            drop_code(response)
        return response


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password_choose(request: TenantRequest) -> HttpResponse:
    """Where someone with a handed-out password has to go before anything else."""
    if request.user.one_time_password_until is None:
        return redirect("accounts:settings")
    form = ChoosePasswordForm(request.POST or None, user=request.user)
    if not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "accounts/password_choose.html", {"form": form}, status=status)
    choose_password(actor=request.actor, user=request.user, password=form.cleaned_data["password"])
    update_session_auth_hash(request, request.user)
    return redirect("pairing:observees" if kept_code(request) else "accounts:home")


@login_not_required
@require_POST
def language(request: TenantRequest) -> HttpResponse:
    """Show pages in another language from now on: kept in this browser, and with the person."""
    code = request.POST.get("language", "")
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    response = HttpResponseRedirect(wanted if is_ours else reverse("accounts:home"))
    if code not in dict(settings.LANGUAGES):
        return response
    actor = request.actor
    if actor.person is not None and not actor.is_acting:
        update_own_settings(actor=actor, user=actor.person, fields={"locale": code})
    return remember_language(response, code)


def remember_language(response: HttpResponse, code: str) -> HttpResponse:
    """Keep the language in this browser, for pages before signing in."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=365 * 24 * 3600,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response
