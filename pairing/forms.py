"""Input of the pairing pages: a code, and what a new observer tells about themself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.actions import check_password
from accounts.models import User
from pairing_service.naming import NameField


class CodeForm(forms.Form):
    """A code as people type or paste it; `pairing.codes.read_code` finds it in a sentence."""

    code = forms.CharField(
        label=_("Pairing code"),
        help_text=_(
            "Ten letters and digits, like K7QDM-2XR9T."
            " You can paste the whole message that it came in."
        ),
        error_messages={"required": _("Type in the code that you were given.")},
        widget=forms.TextInput(
            attrs={
                "class": "code-entry",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "autocorrect": "off",
                "spellcheck": "false",
            }
        ),
    )


class RegistrationForm(forms.Form):
    """A visitor who becomes an observer; the terms are asked for where the account has them."""

    name = NameField(
        label=_("Your name"),
        max_length=255,
        help_text=_("First and last name."),
        error_messages={"required": _("Type in your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("You will sign in with it."),
        error_messages={"required": _("Type in your e-mail address.")},
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        help_text=_("At least 8 characters, and not one that is easy to guess."),
        error_messages={"required": _("Choose a password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    accepts_terms = forms.BooleanField(
        label=_("I accept the terms of use"),
        error_messages={"required": _("Without accepting the terms you can't register.")},
    )

    def __init__(self, *args: Any, has_terms: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_terms:
            del self.fields["accepts_terms"]

    def clean(self) -> dict[str, Any]:
        """A weak password is told with whatever else is wrong; the action asks once more."""
        cleaned: dict[str, Any] = super().clean() or {}
        email = cleaned.get("email", "")
        observer = User(name=cleaned.get("name", ""), login_id=email, email=email)
        try:
            if "password" in cleaned:
                check_password(cleaned["password"], observer)
        except ValidationError as error:
            self.add_error("password", error)
        return cleaned
