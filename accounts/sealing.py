"""Secrets that the service itself has to use, and so can't keep as digests: kept sealed.

The key is derived from SECRET_KEY: whoever reads the database alone learns nothing. What was
sealed under a key of SECRET_KEY_FALLBACKS can still be opened.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class CannotUnseal(Exception):
    """It was sealed under a key that is known no more, or has been changed."""


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises CannotUnseal."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotUnseal from error


def _box() -> MultiFernet:
    """It seals with the first key, and opens with any."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (salted_hmac(__name__, "", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
