"""Approving an application, and exchanging that for tokens (contract §9.1 to §9.3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from accounts.tokens import digest_of
from audit.actions import record
from oauth.digests import ACCESS, CODE, REFRESH, answers_challenge, new_text
from oauth.models import AuthorizationCode, DeveloperKey, Integration, OAuthToken, QrSignIn
from oauth.rules import MANAGE_INTEGRATIONS
from pairing_service.statements import among
from permissions.policy import require

CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(hours=1)
# How long what has expired is told from what never was.
_KEPT_FOR = timedelta(days=1)


class CodeRefused(Exception):
    """The code opens nothing: unknown, used, too old, of another client, or of nobody active."""


class AddressDiffers(CodeRefused):
    """It was made for another redirect_uri."""


class VerifierDiffers(CodeRefused):
    """PKCE's verifier does not fit the challenge."""


class RefreshRefused(Exception):
    """The refresh token opens nothing."""


@dataclass(frozen=True)
class Approval:
    """What a client asks a person for."""

    key: DeveloperKey
    redirect_uri: str
    scopes: Sequence[str] = ()
    purpose: str = ""
    challenge: str = ""


@dataclass(frozen=True)
class Issued:
    """New tokens: shown here and never again. A refreshed one has no other refresh token."""

    user: User
    access_token: str
    refresh_token: str | None


@transaction.atomic
def approve(*, actor: Actor, approval: Approval) -> str:
    """Let the application act for the actor: the code for it. Raises Denied, while acting, too."""
    person = actor.person
    assert person is not None
    require(actor, MANAGE_INTEGRATIONS, person)
    now = timezone.now()
    AuthorizationCode.objects.filter(user=person, expires_at__lt=now - _KEPT_FOR).delete()
    text, digest = new_text(CODE)
    AuthorizationCode.objects.create(
        root_account=actor.root_account,
        user=person,
        key=approval.key,
        digest=digest,
        redirect_uri=approval.redirect_uri,
        purpose=approval.purpose,
        scopes=" ".join(approval.scopes),
        challenge=approval.challenge,
        expires_at=now + CODE_LIFETIME,
    )
    _tell(actor, "integration_approved", person, approval.key, scopes=[*approval.scopes])
    return text


def deny(*, actor: Actor, key: DeveloperKey) -> None:
    """Record that the person would not."""
    record(actor, "integration_denied", subject=actor.person, key=key.pk, name=key.name)


def exchange(
    *,
    actor: Actor,
    key: DeveloperKey,
    text: str,
    redirect_uri: str | None,
    verifier: str,
    replace: bool,
) -> Issued:
    """Tokens for a code, which is dead afterwards whatever comes of it.

    `key` has proved itself; `actor` is the visitor. `replace` ends what the person had approved
    for the key before. A code that was used before ends what came from it (RFC 9700, 4.1.2).
    Raises CodeRefused.
    """
    with transaction.atomic():
        code = _taken(actor, text)
        if code is None:
            end_what_came_from(actor, with_text(AuthorizationCode.objects, actor, text))
            wrong: CodeRefused | None = CodeRefused()
        else:
            wrong = _wrong_with(code, key, redirect_uri, verifier)
        # Nothing is raised in here: the code's end must stand.
        issued = None if wrong or code is None else _issue(actor, code, replace=replace)
    if issued is None:
        raise wrong or CodeRefused()
    return issued


def _taken(actor: Actor, text: str) -> AuthorizationCode | None:
    """The code, to whoever is first."""
    codes = with_text(AuthorizationCode.objects, actor, text)
    if not codes.filter(used_at=None).update(used_at=timezone.now()):
        return None
    return codes.select_related("user", "key").get()


def _wrong_with(
    code: AuthorizationCode, key: DeveloperKey, redirect_uri: str | None, verifier: str
) -> CodeRefused | None:
    if code.key_id != key.pk or code.expires_at <= timezone.now() or not code.user.is_active:
        return CodeRefused()
    # Old apps leave it out (contract §9.2); they prove themselves by the secret.
    if redirect_uri and redirect_uri != code.redirect_uri:
        return AddressDiffers()
    if code.challenge:
        return None if answers_challenge(code.challenge, verifier) else VerifierDiffers()
    # A verifier where there was no challenge: somebody has taken the challenge away (RFC 9700).
    return VerifierDiffers() if verifier or key.is_public else None


def with_text(codes: Any, actor: Actor, text: str) -> Any:
    """The one of the actor's tenant that has this text; `codes` is a manager of texts' digests."""
    return codes.filter(digest=digest_of(text), root_account=actor.root_account)


def _issue(visitor: Actor, code: AuthorizationCode, *, replace: bool) -> Issued:
    if replace:
        _end(_as(visitor, code.user), code.user, code.key)
    issued, integration = begin_integration(
        visitor, code.user, code.key, purpose=code.purpose, scopes=code.scopes
    )
    AuthorizationCode.objects.filter(pk=code.pk).update(integration=integration)
    return issued


def begin_integration(
    visitor: Actor, user: User, key: DeveloperKey, *, purpose: str, scopes: str
) -> tuple[Issued, Integration]:
    """The key's client acts for the user from now on: its first tokens. Checks nothing."""
    refresh, digest = new_text(REFRESH)
    integration = Integration.objects.create(
        root_account=visitor.root_account,
        user=user,
        key=key,
        refresh_digest=digest,
        purpose=purpose,
        scopes=scopes,
    )
    _tell(_as(visitor, user), "integration_started", user, key, integration=integration.pk)
    return Issued(user, _access_token(integration), refresh), integration


def _as(visitor: Actor, user: User) -> Actor:
    return Actor(visitor.root_account, user, user, visitor.address)


def _access_token(integration: Integration) -> str:
    text, digest = new_text(ACCESS)
    expires_at = timezone.now() + TOKEN_LIFETIME
    OAuthToken.objects.create(integration=integration, digest=digest, expires_at=expires_at)
    return text


def end_what_came_from(actor: Actor, codes: models.QuerySet[Any]) -> None:
    """Somebody else has the code, too: whoever came first may be the thief."""
    came = Integration.objects.active().filter(pk__in=codes.values("integration"))
    for one in came.select_related("user", "key"):
        if Integration.objects.active().filter(pk=one.pk).update(ended_at=timezone.now()):
            _tell(actor, "code_sent_again", one.user, one.key, integration=one.pk)


@transaction.atomic
def refresh(*, actor: Actor, key: DeveloperKey, text: str) -> Issued:
    """Another access token; the refresh token and tokens before it stay good.

    Raises RefreshRefused.
    """
    found = Integration.objects.active().filter(
        refresh_digest=digest_of(text), key=key, root_account=actor.root_account
    )
    integration = found.select_related("user").first()
    if integration is None or not integration.user.is_active:
        raise RefreshRefused
    if not DeveloperKey.objects.stays_on(key.pk):
        raise RefreshRefused
    integration.tokens.filter(expires_at__lt=timezone.now() - _KEPT_FOR).delete()
    return Issued(integration.user, _access_token(integration), None)


@transaction.atomic
def end_integrations(*, actor: Actor, user: User, key: DeveloperKey) -> bool:
    """End whatever the user has approved for the key, on all devices. Raises Denied.

    False when there was nothing to end.
    """
    require(actor, MANAGE_INTEGRATIONS, user)
    return _end(actor, user, key)


def _end(actor: Actor, user: User, key: DeveloperKey) -> bool:
    now = timezone.now()
    # Codes that nobody has exchanged yet would bring it back.
    AuthorizationCode.objects.filter(user=user, key=key, used_at=None).update(used_at=now)
    if key.for_mobile:
        QrSignIn.objects.filter(user=user, used_at=None).update(used_at=now)
    ended = Integration.objects.active().filter(user=user, key=key).update(ended_at=now)
    if ended:
        _tell(actor, "integration_ended", user, key, number=ended)
    return bool(ended)


def end_integrations_of(people: Collection[int]) -> None:
    """End all that these people have approved: for whoever shuts them out, in their transaction."""
    now = timezone.now()
    codes = AuthorizationCode.objects.filter(among("user", people), used_at=None)
    codes.update(used_at=now)
    Integration.objects.active().filter(among("user", people)).update(ended_at=now)


@transaction.atomic
def end_integration(*, actor: Actor, integration_id: int) -> None:
    """End one, for whoever has a token of it: that is how an app signs out (contract §9.3)."""
    own = Integration.objects.active().filter(pk=integration_id, user=actor.real)
    if own.update(ended_at=timezone.now()):
        integration = Integration.objects.select_related("key", "user").get(pk=integration_id)
        _tell(actor, "integration_ended", integration.user, integration.key, number=1)


def _tell(actor: Actor, action: str, user: User, key: DeveloperKey, **more: Any) -> None:
    record(actor, action, subject=user, key=key.pk, name=key.name, **more)
