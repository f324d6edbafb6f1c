"""An access token of an integration, to whom it belongs (contract §1.3)."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from accounts.credentials import USE_NOTED_EVERY, Credential, bad_token, expired_token
from accounts.models import PERSON, User
from oauth.digests import ACCESS
from oauth.models import DeveloperKey, Integration, OAuthToken


def is_ours(text: str) -> bool:
    """Whether it looks like a token of an integration: others begin otherwise."""
    return text.startswith(ACCESS)


def caller_of(root_account_id: int, digest: str) -> tuple[User, Credential]:
    """Whose token it is, and what it opens: one statement.

    Raises Unauthenticated for one that is unknown, ended, expired, of a key that is off, or of
    someone who is not active.
    """
    now = timezone.now()
    found = User.objects.by_hand(
        _CALLER,
        digest=digest,
        root=root_account_id,
        now=now,
        noted=now - USE_NOTED_EVERY,
    )
    if not found or not found[0][0].is_active:
        raise bad_token()
    user, (token_id, integration_id, key_state, ended, expired, use_is_old, own, allowed) = found[0]
    if key_state != DeveloperKey.State.ACTIVE:
        raise bad_token()
    if ended:
        raise bad_token("Revoked access token.")
    if expired:
        raise expired_token(OAuthToken.objects.get(pk=token_id).expires_at)
    if use_is_old:
        since = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        Integration.objects.filter(since, pk=integration_id).update(last_used_at=now)
    # What the key may do can have been narrowed since the person approved it.
    return user, Credential(integration_id=integration_id, limits=(own.split(), allowed.split()))


_CALLER = f"""
SELECT {PERSON}, t.id, i.id, k.state, i.ended_at IS NOT NULL, t.expires_at <= %(now)s,
       i.last_used_at IS NULL OR i.last_used_at < %(noted)s, i.scopes, k.scopes
  FROM oauth_oauthtoken t
  JOIN oauth_integration i ON i.id = t.integration_id
  JOIN oauth_developerkey k ON k.id = i.key_id
  JOIN accounts_user u ON u.id = i.user_id
 WHERE t.digest = %(digest)s AND i.root_account_id = %(root)s
"""
