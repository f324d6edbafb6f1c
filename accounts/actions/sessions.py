"""Writes to where people are signed in: browsers, applications, and their access tokens."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AccessToken, Session, User
from accounts.rules import EDIT_OWN_SETTINGS, SIGN_OUT
from audit.actions import record
from oauth.actions.granting import end_integrations_of
from oauth.actions.sessions import end_session_tokens_of
from pairing_service.statements import among
from permissions.policy import require


@transaction.atomic
def sign_out(*, actor: Actor, person: User, session_id: str) -> bool:
    """Sign a person out in one browser (`session_id`: the digest of its key). Raises Denied.

    False when it is not, or no longer, signed in as them.
    """
    require(actor, SIGN_OUT, person)
    ended, _ = Session.objects.filter(pk=session_id, user=person).delete()
    if ended:
        record(actor, "session_ended", subject=person)
    return bool(ended)


@transaction.atomic
def sign_out_everywhere(*, actor: Actor, person: User, tokens: bool) -> None:
    """Sign a person out in all browsers and applications; `tokens` ends their access tokens, too.

    They can sign in again at once. Raises Denied.
    """
    require(actor, SIGN_OUT, person)
    ended = _end_tokens(person) if tokens else []
    end_sign_ins([person.pk])
    record(actor, "signed_out_everywhere", subject=person, tokens=ended)


def _end_tokens(person: User) -> list[int]:
    """The ids of those that were ended."""
    kept = AccessToken.objects.kept().filter(user=person)
    ids = list(kept.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    AccessToken.objects.filter(pk__in=ids).update(revoked_at=timezone.now())
    return ids


@transaction.atomic
def end_sessions(*, actor: Actor) -> None:
    """Sign the person out of the pages, on all devices. Applications and tokens stay."""
    assert actor.person is not None
    require(actor, EDIT_OWN_SETTINGS, actor.person)
    User.objects.filter(pk=actor.person.pk).update(sessions_ended_at=timezone.now())
    record(actor, "sessions_ended", subject=actor.person)


def end_applications(people: Collection[int]) -> None:
    """End what applications, as those on phones, do for these people: for whoever gives them
    another password, too, in their transaction. Sessions of browsers end with that by themselves.
    """
    end_integrations_of(people)
    end_session_tokens_of(people)


def end_sign_ins(people: Collection[int]) -> None:
    """End whatever these people are signed in with, in the caller's transaction. Tokens stay.

    The rows of sessions stay until their browsers come back: what they hold fits no more.
    """
    # People first, as everyone holds them who ends what they have: else two might wait for ever.
    User.objects.filter(among("pk", people)).update(sessions_ended_at=timezone.now())
    end_applications(people)
