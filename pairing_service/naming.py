"""Names of people, accounts, courses and roles: one line of what is read as it stands.

They are told in mails and lists, to people who have not chosen them: a name with line ends could
bring sentences of its own, and look like the school's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

UNREADABLE = _("A name has no unseen characters, and none that turn the writing round.")

# Unseen, but needed between letters of some scripts: joiners, and marks of the direction.
_BETWEEN_LETTERS = frozenset("\u200c\u200d\u200e\u200f")
# Letters that show nothing.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def one_line(text: str) -> str:
    """White space of any kind, line ends and tabs among it, as single spaces; none at the ends."""
    return " ".join(text.split())


def is_readable(name: str) -> bool:
    """Whether a name of one line shows people what is in it, in the order in which it is there, and
    anything at all; an empty one is for others to refuse."""
    if name.isprintable() and name.isascii():
        return True
    others = set(name) - _BETWEEN_LETTERS
    unseen = any(unicodedata.category(one) in ("Cc", "Cf") for one in others)
    return not unseen and any(map(_shows, others))


def _shows(character: str) -> bool:
    """A letter, number, sign or symbol that leaves a mark."""
    return unicodedata.category(character)[0] in "LNPS" and character not in _FILLERS


def refuse_unreadable(name: str) -> None:
    """The validator of names. Raises ValidationError."""
    if not is_readable(name):
        raise ValidationError(UNREADABLE, code="invalid")


class NameColumn(models.CharField):  # type: ignore[type-arg]
    """A column of names: whoever writes it writes one line, and `clean_fields` asks the rest."""

    default_validators = [refuse_unreadable]

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return one_line(text) if isinstance(text, str) else text

    def deconstruct(self) -> Any:
        """The database knows no difference, and needs no migration."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class NameField(forms.CharField):
    """The same on a page."""

    default_validators = [refuse_unreadable]

    def to_python(self, value: Any) -> Any:
        return one_line(super().to_python(value) or "")


def as_kept(row: models.Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, names among them as the row will have them: what differs only in its spaces is
    no change."""
    return {
        name: one_line(value) if value and _is_name(row, name) else value
        for name, value in values.items()
    }


def _is_name(row: models.Model, field: str) -> bool:
    return isinstance(row._meta.get_field(field), NameColumn)
