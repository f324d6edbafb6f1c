"""What no password here may be made of, besides what Django knows (ASVS 6.2.11)."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User, folded

_SERVICE = ("pairing", "pairingcode", "observer")


class NotTheSchool:
    """Refuses the name of the school, or of what this is, with nothing but digits and signs."""

    def validate(self, password: str, user: User | None = None) -> None:
        letters = _letters(password)
        if letters and letters in {*_SERVICE, *_names_of_school(user)}:
            raise ValidationError(
                _("This password is too similar to the name of the school."), code="school"
            )

    def get_help_text(self) -> str:
        return _("Your password can't be the name of the school.")


def _names_of_school(user: User | None) -> set[str]:
    if user is None or user.root_account_id is None:
        return set()
    name = user.root_account.name
    return {_letters(word) for word in [name, *name.split()]}


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", folded(text))
