"""The page on which a person lets an application act for them, or does not (contract §9.1)."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.middleware import TYPED_LOGIN, TenantRequest
from oauth.actions.granting import Approval, approve, deny
from oauth.asking import AskedWrongly, ToClient, form_target, in_words, read_approval, shown_host
from pairing_service.http.errors import Refusal


@login_not_required
@require_http_methods(["GET", "POST"])
def auth(request: TenantRequest) -> HttpResponse:
    """Where clients send people. Signed out: to sign in, and back. The answer goes to the client.

    With a `code` or `error` and no client it is the end of the road out of band.
    """
    if "client_id" not in request.GET and ("code" in request.GET or "error" in request.GET):
        return render(request, "oauth/out_of_band.html", {"code": request.GET.get("code")})
    try:
        approval = read_approval(request.root_account, request.GET)
    except Refusal as refusal:
        return _refused(request, refusal)
    except AskedWrongly as wrong:
        return ToClient(
            wrong.redirect_uri,
            error=wrong.error,
            error_description=wrong.description,
            state=wrong.state,
        )
    if request.actor.is_acting:
        return render(request, "oauth/auth_acting.html", {"key": approval.key}, status=403)
    if request.actor.person is None or request.GET.get("force_login") == "1":
        return _to_sign_in(request)
    return _answer(request, approval)


def _answer(request: TenantRequest, approval: Approval) -> HttpResponse:
    state = request.GET.get("state")
    decision = request.POST.get("decision")
    if approval.key.is_trusted or decision == "allow":
        code = approve(actor=request.actor, approval=approval)
        return ToClient(approval.redirect_uri, code=code, state=state)
    if decision == "deny":
        deny(actor=request.actor, key=approval.key)
        return ToClient(
            approval.redirect_uri,
            error="access_denied",
            error_description="the person did not allow it",
            state=state,
        )
    return _confirm_page(request, approval)


def _confirm_page(request: TenantRequest, approval: Approval) -> HttpResponse:
    context = {
        "approval": approval,
        "host": shown_host(approval.redirect_uri),
        "may": in_words(approval.scopes),
        "here": request.get_full_path(),
        "as_another": _here(request, force_login="1"),
    }
    response = render(request, "oauth/auth.html", context)
    # Browsers hold a form to the page's policy also where the answer to it leads on.
    response._csp_update = form_target(approval.redirect_uri)  # type: ignore[attr-defined]
    return response


def _to_sign_in(request: TenantRequest) -> HttpResponse:
    """To sign in, and back here; `force_login` also when somebody is signed in."""
    if request.actor.person is not None:
        get_adapter(request).logout(request)
    if login := request.GET.get("unique_id"):
        request.session[TYPED_LOGIN] = login[:255]
    back = urlencode({"next": _here(request, force_login=None)})
    return redirect(f"{reverse('account_login')}?{back}")


def _here(request: TenantRequest, *, force_login: str | None) -> str:
    """This very address, with or without the demand to sign in anew."""
    asked = request.GET.copy()
    asked.pop("force_login", None)
    if force_login:
        asked["force_login"] = force_login
    return f"{request.path}?{asked.urlencode()}"


def _refused(request: TenantRequest, refusal: Refusal) -> HttpResponse:
    """Whom the client's mistake concerns: people get a page, programs the contract's words."""
    if "text/html" in request.headers.get("Accept", ""):
        context = {"error": refusal.body["error"]}
        return render(request, "oauth/auth_refused.html", context, status=refusal.status)
    return JsonResponse(refusal.body, status=refusal.status)
