"""Signing in to the pages from an app, by an address that opens once (contract §9.4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.credentials import Credential
from accounts.models import AccessToken
from accounts.tokens import digest_of
from audit.actions import record
from oauth.digests import SESSION, new_text
from oauth.models import DeveloperKey, Integration, SessionToken
from oauth.rules import MANAGE_INTEGRATIONS
from pairing_service.statements import among
from permissions.policy import require

# An app opens the address at once.
LIFETIME = timedelta(minutes=2)


class SessionRefused(Exception):
    """The address opens nothing: unknown, opened before, too old, of nobody active, or made with
    what has ended."""


@transaction.atomic
def make_session_token(*, actor: Actor, credential: Credential, return_to: str) -> str:
    """The text of the address that signs the actor in and leads to `return_to`.

    `credential`: what they asked with; what it opens ends with it.

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
        made_with=_digest_in(credential),
        expires_at=now + LIFETIME,
    )
    return text


def _digest_in(credential: Credential) -> str:
    """What stays the same as long as the credential is good, and is gone with its text."""
    if credential.integration_id is not None:
        return Integration.objects.get(pk=credential.integration_id).refresh_digest
    assert credential.token_id is not None
    return AccessToken.objects.get(pk=credential.token_id).digest


def is_still_good(made_with: str) -> bool:
    """Whether a session that was opened through a token (`made_with`: its digest) goes on: whoever
    ends what acts for them, as on a phone that was stolen, ends that, too."""
    on = Integration.objects.active().filter(key__state=DeveloperKey.State.ACTIVE)
    return (
        on.filter(refresh_digest=made_with).exists()
        or AccessToken.objects.live().filter(digest=made_with).exists()
    )


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
    if not token.user.is_active or not is_still_good(token.made_with):
        raise SessionRefused
    record(Actor.themself(token.user, address=actor.address), "session_opened", subject=token.user)
    return token
