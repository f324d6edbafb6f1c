"""The text of a pairing code: pure functions (spec/pairing.md "The code")."""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.utils.crypto import salted_hmac

# Crockford's base 32: no I, L, O (read as 1, 1, 0) and no U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# 32^10 = 1.1e15 codes: with 100,000 live ones a guess hits once in 1.1e15 / 1e5 = 1.1e10 tries, and
# 20,000 tries a day (the tenant's limit) are one hit in about 1,500 years.
LENGTH = 10

# What a spreadsheet takes for a number, and no longer shows as it was: 1234E-56789 becomes 0. About
# one code in a hundred thousand.
_NUMBER = re.compile(r"\d+E?\d+")
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS = re.compile(r"[\s\u2010-\u2015\u2212-]+")
# How a code looks inside a pasted sentence, the surest form first.
_IN_A_SENTENCE = (
    re.compile(r"\b[0-9A-Z]{5}[-\u2010-\u2015\u2212][0-9A-Z]{5}\b"),
    re.compile(r"\b[0-9A-Za-z]{5}[-\u2010-\u2015\u2212][0-9A-Za-z]{5}\b"),
    re.compile(r"\b[0-9A-Z]{10}\b"),
    re.compile(r"\b[0-9A-Za-z]{5}\s[0-9A-Za-z]{5}\b"),
)


def new_code() -> str:
    """Ten characters from the operating system's generator, never such as read as a number."""
    while _NUMBER.fullmatch(code := "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))):
        pass
    return code


def shown(code: str) -> str:
    """In two groups: K7QDM-2XR9T."""
    return f"{code[:5]}-{code[5:]}"


def read_code(text: str) -> str | None:
    """The code that somebody typed or pasted, a whole sentence included; None when there is none.

    Case, spaces and hyphens do not matter; O reads as 0, I and L as 1.
    """
    whole = _normal(text[:1000])
    if whole:
        return whole
    found = (match[0] for form in _IN_A_SENTENCE for match in form.finditer(text[:1000]))
    return next((code for code in map(_normal, found) if code), None)


def _normal(text: str) -> str | None:
    code = _SEPARATORS.sub("", text).upper().translate(_READ_AS)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def digest_of(code: str) -> str:
    """What the database keeps: HMAC-SHA-256 under the current key."""
    return _digest(code, settings.CODE_KEY)


def digests_of(code: str) -> list[str]:
    """Under the current key and those that it replaced, to find codes from before a rotation."""
    return [_digest(code, key) for key in [settings.CODE_KEY, *settings.CODE_KEY_FALLBACKS]]


def _digest(code: str, key: str) -> str:
    return salted_hmac("pairing.codes", code, secret=key, algorithm="sha256").hexdigest()
