"""Personal access tokens: their text, and their digest, which is all that is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from accounts.models import AccessToken, User

# Tells our tokens from other kinds at a glance, in a client's configuration or a leak.
_PREFIX = "ps~"


def digest_of(text: str) -> str:
    """SHA-256; a token has 256 random bits, so a slow hash would protect nothing."""
    return hashlib.sha256(text.encode()).hexdigest()


def make_token(user: User, purpose: str, expires_at: datetime | None = None) -> str:
    """A new token of the user; the text is returned here and can never be read again."""
    text = _PREFIX + secrets.token_urlsafe(32)
    AccessToken.objects.create(
        root_account_id=user.root_account_id,
        user=user,
        purpose=purpose,
        digest=digest_of(text),
        hint=text[: AccessToken._meta.get_field("hint").max_length or 5],
        expires_at=expires_at,
    )
    return text
