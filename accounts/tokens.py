"""Personal access tokens: their text, their digest, which is all that is kept, and every write."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AccessToken, User
from accounts.rules import EDIT_OWN_SETTINGS, MANAGE_TOKENS
from audit.actions import record
from pairing_service.http.scopes import open_no_more
from permissions.policy import require

# Tells our tokens from other kinds at a glance, in a client's configuration or a leak.
_PREFIX = "ps~"
_HINT = 8  # of 46 characters; what is left has over 200 random bits


def digest_of(text: str) -> str:
    """SHA-256; a token has 256 random bits, so a slow hash would protect nothing."""
    return hashlib.sha256(text.encode()).hexdigest()


def _new_text() -> tuple[str, dict[str, str]]:
    """A token's text, and what is kept of it."""
    text = _PREFIX + secrets.token_urlsafe(32)
    return text, {"digest": digest_of(text), "hint": text[:_HINT]}


def make_token(user: User, purpose: str, **fields: Any) -> tuple[AccessToken, str]:
    """A new token of the user, and its text, which can never be read again."""
    text, kept = _new_text()
    token = AccessToken.objects.create(
        root_account_id=user.root_account_id, user=user, purpose=purpose, **kept, **fields
    )
    return token, text


def create_token(
    *,
    actor: Actor,
    user: User,
    purpose: str,
    expires_at: datetime | None = None,
    scopes: Sequence[str] = (),
) -> tuple[AccessToken, str]:
    """A new access token of the user, and its text. Raises Denied.

    Made by somebody else it is pending until the user activates it (contract §9.5). The command
    line's operator owns the database, and needs no right.
    """
    with transaction.atomic():
        if not actor.is_operator:
            require(actor, MANAGE_TOKENS, user)
        by_another = not actor.is_operator and user != actor.person
        token, text = make_token(
            user, purpose, expires_at=expires_at, scopes=list(scopes), is_pending=by_another
        )
        _record(actor, "token_created", token)
    return token, text


def change_token(
    *, actor: Actor, token: AccessToken, fields: dict[str, Any], regenerate: bool
) -> tuple[AccessToken, str | None]:
    """Change purpose, end or scopes; `regenerate` gives it a new text and ends the old one.

    Answers the token, and the new text if there is one. Raises Denied, and AccessToken.DoesNotExist
    when it has been ended meanwhile.
    """
    text, kept = _new_text() if regenerate else (None, {})
    with transaction.atomic():
        token = _held(actor, token)
        # Whoever made somebody else's token, or renews it, knows its text: that it opens something
        # new, or for longer, they have not agreed to.
        opens_more = regenerate or _opens_more(token, fields)
        by_another = {"is_pending": True} if opens_more and token.user != actor.person else {}
        changes = fields | kept | by_another
        for name, value in changes.items():
            setattr(token, name, value)
        token.save(update_fields=changes)
        _record(actor, "token_regenerated" if regenerate else "token_changed", token)
    return token, text


def _opens_more(token: AccessToken, fields: dict[str, Any]) -> bool:
    """Whether the changes let the token open more than now, or longer."""
    scopes = fields.get("scopes", token.scopes)
    now, then = token.expires_at, fields.get("expires_at", token.expires_at)
    is_longer = now is not None and (then is None or then > now)
    return is_longer or not open_no_more(scopes, token.scopes)


def activate_token(*, actor: Actor, token: AccessToken) -> bool:
    """Let a pending token open something: only its person may. False when it was not pending."""
    with transaction.atomic():
        require(actor, EDIT_OWN_SETTINGS, token.user)
        pending = AccessToken.objects.kept().filter(pk=token.pk, is_pending=True)
        if not pending.update(is_pending=False):
            return False
        _record(actor, "token_activated", token)
    token.is_pending = False
    return True


def end_token(*, actor: Actor, token: AccessToken) -> bool:
    """End a token for good. Raises Denied; False when it had been ended before."""
    with transaction.atomic():
        require(actor, MANAGE_TOKENS, token.user)
        token.revoked_at = timezone.now()
        if not AccessToken.objects.kept().filter(pk=token.pk).update(revoked_at=token.revoked_at):
            return False
        _record(actor, "token_deleted", token)
    return True


def _held(actor: Actor, token: AccessToken) -> AccessToken:
    """The token as it is now, its row held, once the actor may manage it."""
    require(actor, MANAGE_TOKENS, token.user)
    kept = AccessToken.objects.kept().select_related("user")
    return kept.select_for_update(of=("self",), no_key=True).get(pk=token.pk)


def _record(actor: Actor, action: str, token: AccessToken) -> None:
    record(actor, action, subject=token.user_id, token=token.pk, purpose=token.purpose)
