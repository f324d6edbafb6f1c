"""Input of the permissions pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import PlainSelect
from accounts.models import Account
from pairing_service.naming import NameField
from permissions.catalogue import BASE_ROLE_LABELS, CUSTOM_BASE_ROLES, PERMISSIONS, BaseRole
from permissions.explaining.questions import FAMILIES, actions
from permissions.grid import Choice
from permissions.inheritance import Row
from permissions.models import Role


class RoleFilter(forms.Form):
    """What narrows the permissions down. Anything else given is no filter."""

    show = forms.ChoiceField(
        label=_("Permissions"),
        required=False,
        choices=[("", _("Enforced here")), ("all", _("All"))],
        widget=PlainSelect,
    )

    @property
    def enforced_only(self) -> bool:
        return self._chosen("show") != "all"

    def _chosen(self, name: str) -> str:
        self.is_valid()
        chosen: str = self.cleaned_data.get(name, "")
        return chosen


class GridFilter(RoleFilter):
    """And the roles."""

    role = forms.ChoiceField(label=_("Role"), required=False, widget=PlainSelect)
    field_order = ["role", "show"]

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(role.pk), role.label) for role in roles]
        self.fields["role"].choices = [("", _("All roles")), *choices]  # type: ignore[attr-defined]

    @property
    def role_id(self) -> int | None:
        chosen = self._chosen("role")
        return int(chosen) if chosen else None


class QuestionForm(forms.Form):
    """Who, what, for whom, where: a question for the Explain page."""

    person = forms.CharField(
        label=_("Who"),
        max_length=255,
        help_text=_("A login, a name or an id."),
        error_messages={"required": _("Say about whom you ask.")},
    )
    what = forms.ChoiceField(
        label=_("What"), error_messages={"required": _("Choose an action or a permission.")}
    )
    target = forms.CharField(
        label=_("To whom, or for whom"),
        max_length=255,
        required=False,
        help_text=_("A student, or whoever it is done to. Most permissions need nobody."),
    )
    context = forms.CharField(label=_("Where"), max_length=255, required=False)

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = _choices()  # type: ignore[attr-defined]
        self.fields["context"].help_text = _(
            "A course or an account: its name, or course:12. When left empty: %(account)s."
        ) % {"account": account.name}

    def field_of(self, name: str) -> str:
        """The field at which an error about this part of a question is shown."""
        return name if name in self.fields else "what"


def _choices() -> list[Any]:
    families = [(f"action:{f.name}", _first_up(f.sentence)) for f in FAMILIES.values()]
    named = sorted((_first_up(s), f"action:{n}") for n, s in actions().items() if n not in FAMILIES)
    shown = sorted(PERMISSIONS.values(), key=lambda p: p.label)
    here = [(f"permission:{p.key}", p.label) for p in shown if p.enforced]
    others = [(f"permission:{p.key}", p.label) for p in shown if not p.enforced]
    return [
        (_("Asked most"), families),
        (_("Permissions enforced here"), here),
        (_("Actions"), [(value, label) for label, value in named]),
        (_("Other permissions"), others),
    ]


def _first_up(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


class RowsField(forms.CharField):
    """An account's rows by permission, as a page carries them: “read_roster:1011,become_user:”."""

    _ENTRY = re.compile(r"([a-z_]+):([01]{4})?")

    def to_python(self, value: Any) -> Any:
        entries = [self._ENTRY.fullmatch(entry) for entry in (value or "").split(",")]
        if not all(entries):
            raise ValidationError(_("This page was too old. Try again."))
        return {e[1]: Row(*(bit == "1" for bit in e[2])) if e[2] else None for e in entries if e}

    @staticmethod
    def text_of(rows: Mapping[str, Row | None]) -> str:
        return ",".join(f"{key}:{_bits(row) if row else ''}" for key, row in rows.items())


def _bits(row: Row) -> str:
    flags = (row.enabled, row.locked, row.applies_to_self, row.applies_to_descendants)
    return "".join("1" if flag else "0" for flag in flags)


class ChoiceForm(forms.Form):
    """What is chosen in a cell's menu, and which rows were seen there."""

    choice = forms.ChoiceField(choices=[(choice.value, "") for choice in Choice])
    seen = RowsField()
    confirmed = forms.BooleanField(required=False)


class RoleNameForm(forms.Form):
    """A role's name."""

    label = NameField(
        label=_("Name"),
        max_length=255,
        error_messages={"required": _("Give the role a name.")},
    )

    _WRONG_LABELS = {
        "required": _("Give the role a name."),
        "max_length": _("This name is too long: 255 characters are the most."),
        "reserved": _("This name belongs to a built-in role. Choose another."),
        "taken": _("A role that could be confused with it has this name. Choose another."),
    }

    def blame(self, error: ValidationError) -> None:
        """Say at the field what `permissions.actions` found wrong."""
        for name, found in error.error_dict.items():
            code = str(found[0].code)
            told = self._WRONG_LABELS.get(code) if name == "label" else None
            self.add_error(name if name in self.fields else None, told or found)


class RoleForm(RoleNameForm):
    """A new role: its name, and what it starts from."""

    start = forms.ChoiceField(
        label=_("Starts from"),
        help_text=_(
            "A base gives what its built-in role has by default. A copy may do what the other role"
            " may do in this account and below; later changes of the one don't touch the other."
        ),
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        copies = [(f"copy:{role.pk}", role.label) for role in roles]
        bases = [(f"base:{base}", BASE_ROLE_LABELS[base]) for base in _BASES]
        self.fields["start"].choices = [  # type: ignore[attr-defined]
            (_("A base"), bases),
            (_("A copy of"), copies),
        ]

    @property
    def base_role(self) -> str:
        """The base; of a copy it is the other role's, whatever is said here."""
        kind, value = self.cleaned_data["start"].split(":")
        return value if kind == "base" else BaseRole.ACCOUNT_MEMBERSHIP

    @property
    def copy_of_id(self) -> int | None:
        kind, value = self.cleaned_data["start"].split(":")
        return int(value) if kind == "copy" else None


_BASES = [base for base in BaseRole if base in CUSTOM_BASE_ROLES]
