"""QR sign-in: a drawing with which somebody signs themself in on a phone. It never pairs."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.actor import Actor
from accounts.models import Account, RootAccountSettings, User
from accounts.tokens import digest_of
from audit.actions import record
from oauth.actions.granting import (
    CodeRefused,
    Issued,
    begin_integration,
    end_what_came_from,
    with_text,
)
from oauth.digests import QR, new_text
from oauth.models import DeveloperKey, QrSignIn
from oauth.rules import SIGN_IN_BY_QR
from permissions.policy import require

LIFETIME = timedelta(minutes=10)
# 128 random bits for ten minutes: each more makes the drawing finer, and harder to scan.
_BITS = 128
# How long what has expired is told from what never was.
_KEPT_FOR = timedelta(days=1)


def is_for_qr(text: str) -> bool:
    """Whether it looks like the code of a drawing: others begin otherwise."""
    return text.startswith(QR)


@transaction.atomic
def make_qr_sign_in(*, actor: Actor) -> str:
    """The code of a new drawing, which signs the actor in once; the one before works no more.

    Raises Denied, while acting and while the root account has it off, too.
    """
    person = actor.person
    assert person is not None
    RootAccountSettings.objects.hold(actor.root_account, [person.pk])
    require(actor, SIGN_IN_BY_QR, person)
    now = timezone.now()
    own = QrSignIn.objects.filter(user=person)
    own.filter(expires_at__lt=now - _KEPT_FOR).delete()
    own.filter(used_at=None).update(used_at=now)
    text, digest = new_text(QR, bits=_BITS)
    QrSignIn.objects.create(
        root_account=actor.root_account,
        user=person,
        digest=digest,
        session_digest=_session_digest(person),
        expires_at=now + LIFETIME,
    )
    record(actor, "qr_sign_in_made", subject=person)
    return text


def who_signs_in(*, actor: Actor, text: str) -> User:
    """Whom the code signs in, if it does; it stays good. `actor` is the visitor.

    Raises CodeRefused.
    """
    now = timezone.now()
    there = with_text(QrSignIn.objects, actor, text).filter(used_at=None, expires_at__gt=now)
    found: QrSignIn | None = there.select_related("user").first()
    if found is None or not actor.root_account.settings.qr_sign_in or not _is_good(found):
        raise CodeRefused
    return found.user


@transaction.atomic
def sign_in_by_qr(*, actor: Actor, text: str) -> User:
    """Who is signed in to the pages now, to whoever is first. Raises CodeRefused."""
    found = _taken(actor, text)
    _tell_used(actor, found, by="browser")
    return found.user


def exchange_qr(*, actor: Actor, key: DeveloperKey, text: str) -> Issued:
    """Tokens for the mobile apps, whose key has proved itself, to whoever is first.

    A code that was exchanged before ends what came from it (RFC 9700, 4.1.2). Raises CodeRefused.
    """
    try:
        return _exchange(actor, key, text)
    except CodeRefused:
        with transaction.atomic():
            end_what_came_from(actor, with_text(QrSignIn.objects, actor, text))
        raise


@transaction.atomic
def _exchange(actor: Actor, key: DeveloperKey, text: str) -> Issued:
    if not key.for_mobile or not DeveloperKey.objects.stays_on(key.pk):
        raise CodeRefused
    found = _taken(actor, text)
    issued, integration = begin_integration(actor, found.user, key, purpose="", scopes=key.scopes)
    QrSignIn.objects.filter(pk=found.pk).update(integration=integration)
    _tell_used(actor, found, by=key.name)
    return issued


def _taken(actor: Actor, text: str) -> QrSignIn:
    """The code, to whoever is first, while the root account has QR sign-in on."""
    if not RootAccountSettings.objects.held(actor.root_account).qr_sign_in:
        raise CodeRefused
    now = timezone.now()
    there = with_text(QrSignIn.objects, actor, text)
    if not there.filter(used_at=None, expires_at__gt=now).update(used_at=now):
        raise CodeRefused
    found: QrSignIn = there.select_related("user").get()
    if not _is_good(found):
        raise CodeRefused
    return found


def _is_good(found: QrSignIn) -> bool:
    """Whether the person may still sign in, and nothing has ended their sessions meanwhile."""
    same = constant_time_compare(found.session_digest, _session_digest(found.user))
    return found.user.is_active and same


def _session_digest(user: User) -> str:
    return digest_of(user.get_session_auth_hash())


def _tell_used(visitor: Actor, found: QrSignIn, *, by: str) -> None:
    actor = Actor(visitor.root_account, found.user, found.user, visitor.address)
    record(actor, "qr_sign_in_used", subject=found.user, by=by)


def end_qr_sign_ins(root_account: Account) -> None:
    """End all that nobody has used: for whoever switches QR sign-in off, in their transaction."""
    QrSignIn.objects.filter(root_account=root_account, used_at=None).update(used_at=timezone.now())
