"""Which client asks, and whether it is the one."""

from __future__ import annotations

import base64
import re

from accounts.models import Account
from oauth.digests import knows_secret
from oauth.models import DeveloperKey
from oauth.refusals import key_is_off, unknown_client, wrong_secret

_CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def client_named(root_account: Account, client_id: str | None) -> DeveloperKey:
    """The tenant's developer key. Raises Refusal for an unknown one, and one that is off."""
    if not _CLIENT_ID.fullmatch(client_id or ""):
        raise unknown_client()
    keys = DeveloperKey.objects.existing().filter(root_account=root_account)
    key = keys.filter(client_id=client_id).first()
    if key is None:
        raise unknown_client()
    if not key.is_on:
        raise key_is_off()
    return key


def check_client(key: DeveloperKey, secret: str | None) -> None:
    """Raise Refusal unless the secret is right; a public client without one proves itself later,
    by what it exchanges: the code by PKCE, the refresh token by having it."""
    if key.is_public and not secret:
        return
    if not knows_secret(key, secret or ""):
        raise wrong_secret()


def from_header(authorization: str) -> tuple[str, str] | None:
    """Id and secret of HTTP Basic, which many OAuth libraries prefer; None without them."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    return client_id, secret
