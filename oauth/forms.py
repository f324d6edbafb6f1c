"""Input of the pages about developer keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oauth.actions.keys import Fields, Kind
from oauth.models import DeveloperKey


class _Words(forms.CharField):
    """Texts apart by white space, as a list; shown one per line."""

    def __init__(self, *, rows: int, **more: Any) -> None:
        widget = forms.Textarea(
            attrs={"rows": rows, "spellcheck": "false", "autocapitalize": "none"}
        )
        super().__init__(max_length=50_000, widget=widget, **more)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return super().clean(value).split()


class KeyForm(forms.Form):
    """What is said of an application. `may_trust`: whether it may be let in without asking."""

    name = forms.CharField(
        label=_("Name"),
        max_length=255,
        help_text=_("People read it when they are asked whether it may act for them."),
        error_messages={"required": _("Say what the application is called.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    redirect_uris = _Words(
        label=_("Redirect addresses"),
        rows=3,
        help_text=_(
            "Where people go back to, as its makers tell you: one per line, to the letter."
            " urn:ietf:wg:oauth:2.0:oob shows them a code to copy instead."
        ),
        error_messages={"required": _("Say where people are sent back to.")},
    )
    scopes = _Words(
        label=_("What it may do at most"),
        rows=4,
        required=False,
        help_text=_(
            "One per line, like url:GET|/api/v1/users/:id. Empty: all that the person may do who"
            " lets it act for them."
        ),
    )
    requires_scopes = forms.BooleanField(
        label=_("It has to say what it wants to do"),
        help_text=_("An application that names no scopes is refused."),
        required=False,
    )
    is_trusted = forms.BooleanField(
        label=_("Trusted: people are not asked"),
        help_text=_(
            "Whoever is signed in and follows a link to it is let through, and it may act for them."
            " Only for what the school runs itself."
        ),
        required=False,
    )

    def __init__(self, *args: Any, may_trust: bool, kind: Kind | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        if not may_trust or kind not in (None, Kind.SERVER):
            del self.fields["is_trusted"]

    @property
    def said(self) -> Fields:
        """What was typed in, as the actions take it."""
        names = Fields.__annotations__.keys() & self.cleaned_data.keys()
        return Fields(**{name: self.cleaned_data[name] for name in names})  # type: ignore[typeddict-item]


class NewKeyForm(KeyForm):
    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[
            (Kind.SERVER, _("A program on a server, which can keep a secret")),
            (Kind.PUBLIC, _("An app or a web page, which can't: it proves itself by PKCE")),
            (Kind.MOBILE, _("The mobile apps for students, teachers and parents")),
        ],
        initial=Kind.SERVER,
        help_text=_("It can't be changed later."),
        error_messages={"required": _("Choose one.")},
        widget=forms.RadioSelect,
    )
    field_order = ("name", "kind")


def initial_of(key: DeveloperKey) -> dict[str, Any]:
    """What is said of a key now, for the form."""
    return {
        "name": key.name,
        "redirect_uris": key.addresses,
        "scopes": key.scopes.split(),
        "requires_scopes": key.requires_scopes,
        "is_trusted": key.is_trusted,
    }
