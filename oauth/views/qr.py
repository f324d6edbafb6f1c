"""QR sign-in: the page that draws a code, and the one that a phone's camera opens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.middleware import TenantRequest
from oauth.actions.granting import CodeRefused
from oauth.actions.qr import LIFETIME, make_qr_sign_in, sign_in_by_qr, who_signs_in
from oauth.qr import drawing, sign_in_address
from oauth.rules import SIGN_IN_BY_QR
from oauth.views.sessions import sign_in_afresh
from permissions.policy import require


@require_http_methods(["GET", "HEAD", "POST"])
def qr_mobile_login(request: TenantRequest) -> HttpResponse:
    """Tell what the code does; when asked for one, draw it, this once.

    404 while the root account has it off. Nobody makes one while acting.
    """
    if not request.root_account.settings.qr_sign_in:
        raise Http404
    person = request.actor.person
    assert person is not None
    require(request.actor, SIGN_IN_BY_QR, person)
    here = [(_("User Settings"), reverse("accounts:settings")), (_("Sign in on your phone"), "")]
    context: dict[str, Any] = {"minutes": LIFETIME.seconds // 60, "breadcrumbs": here}
    if request.method != "POST":
        return render(request, "oauth/qr_mobile_login.html", context)
    text = make_qr_sign_in(actor=request.actor)
    base = settings.QR_SIGN_IN_BASE or request.build_absolute_uri("/")
    address = sign_in_address(base.rstrip("/"), request.get_host(), text)
    drawn = {
        "drawing": drawing(address),
        "seconds": LIFETIME.seconds,
        "ends_at": timezone.now() + LIFETIME,
    }
    return render(request, "oauth/qr_mobile_login.html", context | drawn)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def qr_sign_in(request: TenantRequest) -> HttpResponse:
    """Ask whoever has scanned a code whether to sign in here as the one who drew it; then do."""
    sent = request.POST if request.method == "POST" else request.GET
    text = sent.get("code", "")
    try:
        if request.method == "POST":
            sign_in_afresh(request, sign_in_by_qr(actor=request.actor, text=text))
            request.session.set_expiry(0)  # nobody has asked to be kept signed in
            return redirect("accounts:home")
        user = who_signs_in(actor=request.actor, text=text)
    except CodeRefused:
        return render(request, "oauth/qr_refused.html", status=404)
    response = render(request, "oauth/qr_sign_in.html", {"user": user, "code": text})
    # The address has the code; "no-referrer" would keep the form's origin back, too.
    response["Referrer-Policy"] = "strict-origin"
    return response
