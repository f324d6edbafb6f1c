"""Signing in to the pages from an app, by an address that opens once (contract §9.4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.tokens import digest_of
from audit.actions import record
from oauth.digests import SESSION, new_text
from oauth.models import SessionToken
from oauth.rules import MANAGE_INTEGRATIONS
from pairing_service.statements import among
from permissions.policy import require

# An app opens the address at once.
LIFETIME = timedelta(minutes=2)


class SessionRefused(Exception):
    """The address opens nothing: unknown, opened before, too old, or of nobody active."""


@transaction.atomic
def make_session_token(*, actor: Actor, return_to: str) -> str:
    """The text of the address that signs the actor in and leads to `return_to`.

    Raises Denied while acting: nobody gets a session as somebody else.
    """
    person = actor.person
    assert person is not None
    require(actor, MANAGE_INTEGRATIONS, person)
    now = timezone.now()
    SessionToken.objects.filter(user=person, expires_at__lt=now).delete()
    text, digest = new_text(SESSION)
    SessionToken.objects.create(
        root_account=actor.root_account,
        user=person,
        digest=digest,
        return_to=return_to,
        expires_at=now + LIFETIME,
    )
    return text


def end_session_tokens_of(people: Collection[int]) -> None:
    """Nobody is signed in any more by an address that was made for these people before."""
    unused = SessionToken.objects.filter(among("user", people), used_at=None)
    unused.update(used_at=timezone.now())


@transaction.atomic
def open_session(*, actor: Actor, text: str) -> SessionToken:
    """Whom to sign in and where they go, to whoever is first. Raises SessionRefused."""
    now = timezone.now()
    found = SessionToken.objects.filter(digest=digest_of(text), root_account=actor.root_account)
    if not found.filter(used_at=None, expires_at__gt=now).update(used_at=now):
        raise SessionRefused
    token = found.select_related("user").get()
    if not token.user.is_active:
        raise SessionRefused
    record(Actor.themself(token.user, address=actor.address), "session_opened", subject=token.user)
    return token
