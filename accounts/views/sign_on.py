"""Single sign-on: to a provider and back; and setting one up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.internal.ratelimit import consume, respond_429
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.actions.sign_on import remove_provider, set_provider
from accounts.forms import SignOnForm
from accounts.middleware import TenantRequest
from accounts.models import SignOnProvider
from accounts.rules import MANAGE_SIGN_ON
from accounts.sight import account_in_sight, breadcrumbs_below
from accounts.sign_on import (
    FAILURES,
    Discovery,
    check_issuer,
    provider_id_of,
    sign_on_failed,
    start,
)
from pairing.cookies import kept_code

if TYPE_CHECKING:
    from accounts.sight import SeenAccount


@login_not_required
@require_GET
def sign_on(request: TenantRequest, provider_id: str) -> HttpResponse:
    """To the provider; nothing but where to go on afterwards is taken from the address."""
    if request.actor.person is not None:
        return redirect("accounts:home")
    # Each try makes a session, and asks the provider: as often as one may sign in by password.
    if not consume(request, app="allauth.account", action="login", limit_get=True):
        return respond_429(request)
    try:
        provider = get_adapter(request).get_provider(request, provider_id)
        return start(request, provider, next_url=_next(request))
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except FAILURES as error:
        return sign_on_failed(request, error)


def _next(request: TenantRequest) -> str | None:
    """Where to go on afterwards: on this host alone. allauth asks no more."""
    wanted = request.GET.get("next")
    if wanted:
        return wanted if get_account_adapter(request).is_safe_url(wanted) else None
    return reverse("pairing:observees") if kept_code(request) else None


@login_not_required
@require_GET
def sign_on_callback(request: TenantRequest, provider_id: str) -> HttpResponse:
    """Back from the provider."""
    try:
        view = OAuth2CallbackView.adapter_view(Discovery(request, provider_id))
        answer: HttpResponse = view(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except FAILURES as error:
        return sign_on_failed(request, error)
    return answer


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_on_settings(request: TenantRequest, account_id: int) -> HttpResponse:
    """The root account's provider: set it up, change it."""
    account = _account(request, account_id)
    held = SignOnProvider.objects.filter(root_account=account).first()
    form = SignOnForm(request.POST if request.method == "POST" else None, provider=held)
    if form.is_valid() and _save(request, form):
        messages.success(request, _("Saved."))
        return redirect("accounts:sign-on-settings", account.pk)
    callback = reverse("openid_connect_callback", args=[provider_id_of(account)])
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs_below(
            request, account, (_("Settings"), "accounts:account-settings"), _("Single sign-on")
        ),
        "form": form,
        "provider": held,
        "callback": request.build_absolute_uri(callback),
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/sign_on.html", context, status=status)


def _account(request: TenantRequest, account_id: int) -> SeenAccount:
    """The root account: others have no provider of their own. Raises Http404, Denied."""
    return account_in_sight(request, account_id, required=MANAGE_SIGN_ON)


def _save(request: TenantRequest, form: SignOnForm) -> bool:
    """Do what the form asks for; False, and the form says why, when it can't be."""
    given = dict(form.cleaned_data)
    secret = given.pop("secret")
    try:
        if given["is_on"]:
            check_issuer(given["issuer"])
        set_provider(actor=request.actor, fields=given, secret=secret)
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            form.add_error(None, error)
        else:
            form.add_error("issuer", error)
        return False
    return True


@require_POST
def sign_on_remove(request: TenantRequest, account_id: int) -> HttpResponse:
    """Nobody signs in through the provider any more."""
    account = _account(request, account_id)
    remove_provider(actor=request.actor)
    messages.success(request, _("Single sign-on is removed."))
    return redirect("accounts:account-settings", account.pk)
