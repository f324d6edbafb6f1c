"""Texts that open something, how they begin, and how a client proves that it knows one."""

from __future__ import annotations

import base64
import hashlib
import secrets

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.tokens import digest_of
from oauth.models import DeveloperKey

# How each begins: what leaked is then known at a glance. Personal tokens begin with ps~.
ACCESS, REFRESH, CODE, SECRET, SESSION, QR = "po~", "pr~", "pc~", "pk~", "pa~", "pq~"
_MOBILE = "oauth.mobile_secret"


def new_text(prefix: str, *, bits: int = 256) -> tuple[str, str]:
    """A new random text, and its digest."""
    text = prefix + secrets.token_urlsafe(bits // 8)
    return text, digest_of(text)


def mobile_secret(key: DeveloperKey, secret_key: str | None = None) -> str:
    """The secret of a key for the mobile apps: derived from SECRET_KEY, and so kept nowhere.

    mobile_verify gives it to everyone (contract §9.6), as the apps want one; it proves nothing.
    """
    return (
        SECRET
        + salted_hmac(_MOBILE, key.client_id, secret=secret_key, algorithm="sha256").hexdigest()
    )


def knows_secret(key: DeveloperKey, text: str) -> bool:
    """Whether `text` is the key's secret."""
    if key.for_mobile:
        known = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return any(constant_time_compare(text, mobile_secret(key, one)) for one in known)
    return key.has_secret and constant_time_compare(digest_of(text), key.secret_digest)


def answers_challenge(challenge: str, verifier: str) -> bool:
    """Whether PKCE's verifier is the one of which the S256 challenge was made (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return constant_time_compare(challenge, made)
