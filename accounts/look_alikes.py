"""Logins that look like somebody else's: with letters that nobody sees, or of another alphabet."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext_lazy as _

DECEIVES = _("A login has letters of one alphabet, and none that nobody sees.")

# Alphabets with letters that can't be told from each other's: a а α.
_ALIKE = ("LATIN", "CYRILLIC", "GREEK")
# Controls, and what is formatting alone: no width, joiners, changes of direction.
_UNSEEN = ("Cc", "Cf", "Zl", "Zp")


def may_deceive(login_id: str) -> bool:
    """Whether it could pass for another one where people read it: in lists, in letters, aloud.

    What Unicode itself counts as the same letter (full width, ligatures) is the same login anyway
    (`login_key`).
    """
    if login_id.isascii():
        return not login_id.isprintable()
    text = unicodedata.normalize("NFKC", login_id)
    return (
        any(unicodedata.category(one) in _UNSEEN for one in login_id) or len(_alphabets(text)) > 1
    )


def _alphabets(text: str) -> set[str]:
    names = (unicodedata.name(one, "") for one in text if one.isalpha())
    return {name.partition(" ")[0] for name in names} & set(_ALIKE)
