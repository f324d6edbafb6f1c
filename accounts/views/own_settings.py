"""User Settings: names, language, time zone, e-mail, password; and pairing, for students."""

from __future__ import annotations

from typing import Any

from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.actions import choose_password, update_own_settings
from accounts.devices import devices_of
from accounts.forms import AboutForm, EmailForm, PasswordForm
from accounts.middleware import TenantRequest
from accounts.models import User
from accounts.rules import EDIT_OWN_SETTINGS
from accounts.views.entrance import remember_language
from oauth.panels import approved_by
from pairing.panels import settings_panel
from permissions.policy import may, require

_ABOUT = ("name", "short_name", "sortable_name", "locale", "time_zone")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: TenantRequest) -> HttpResponse:
    """The person's own settings; read-only, and it says why, while acting as them."""
    person = request.actor.person
    assert person is not None
    if request.method == "POST":
        require(request.actor, EDIT_OWN_SETTINGS, person)
    forms = _forms(request, person)
    sent = forms.get(request.POST.get("form", ""))
    if sent is not None and sent.is_valid() and _save(request, person, sent):
        return _saved(request, person, sent)
    may_edit = may(request.actor, EDIT_OWN_SETTINGS, person)
    context = {
        "person": person,
        "forms": forms if may_edit else None,
        "devices": devices_of(person, this=request.session.session_key) if may_edit else None,
        "tokens": person.access_tokens.kept().order_by("-pk") if may_edit else None,
        "integrations": approved_by(person) if may_edit else None,
        # What SIGN_IN_BY_QR asks, both of which is known by now.
        "may_sign_in_by_qr": may_edit and request.root_account.settings.qr_sign_in,
        "panel": settings_panel(request.actor, person),
        "language_name": dict(configured.LANGUAGES).get(person.locale),
    }
    status = 422 if sent is not None else 200
    return render(request, "accounts/settings.html", context, status=status)


def _forms(request: TenantRequest, person: User) -> dict[str, Form]:
    """The three forms of the page; the one that was sent has its data."""
    sent = request.POST.get("form")

    def data(name: str) -> Any:
        return request.POST if sent == name else None

    asks: dict[str, Any] = {"request": request, "user": person}
    about = {name: getattr(person, name) for name in _ABOUT}
    return {
        "about": AboutForm(data("about"), user=person, initial=about),
        "email": EmailForm(
            data("email"),
            initial={"email": person.email},
            auto_id="id_email_%s",
            **asks,
        ),
        "password": PasswordForm(data("password"), auto_id="id_password_%s", **asks),
    }


def _save(request: TenantRequest, person: User, form: Form) -> bool:
    """Do what the form asks for; False, and the form says why, when it is refused."""
    given = form.cleaned_data
    try:
        if isinstance(form, PasswordForm):
            choose_password(actor=request.actor, user=person, password=given["password"])
            update_session_auth_hash(request, person)
        else:
            names = _ABOUT if isinstance(form, AboutForm) else ("email",)
            fields = {name: given[name] for name in names}
            update_own_settings(actor=request.actor, user=person, fields=fields)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _saved(request: TenantRequest, person: User, form: Form) -> HttpResponse:
    """Back to the page, saying so in the language that is now the person's."""
    with translation.override(person.locale or translation.get_language()):
        words = _(
            "Your password has been changed. Other devices and applications have been signed out."
        )
        is_password = isinstance(form, PasswordForm)
        messages.success(request, words if is_password else _("Saved."))
    response = redirect(reverse("accounts:settings"))
    return remember_language(response, person.locale) if person.locale else response
