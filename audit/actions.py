"""The one function that records an event."""

from __future__ import annotations

from typing import Any

from accounts.actor import Actor
from accounts.models import Account, User
from audit.models import Event


def record(
    actor: Actor,
    action: str,
    *,
    subject: User | None = None,
    account: Account | None = None,
    **data: Any,
) -> None:
    """Tell what `actor` did, in the caller's transaction: it stands exactly if the deed does.

    `data` is kept as JSON and must never hold a code, a token or a password (spec "Events").
    """
    Event.objects.bulk_create([event(actor, action, subject=subject, account=account, **data)])


def event(
    actor: Actor,
    action: str,
    *,
    subject: User | None = None,
    account: Account | None = None,
    **data: Any,
) -> Event:
    """The event itself, unsaved, for actions that record many in one statement."""
    return Event(
        root_account=actor.root_account,
        action=action,
        actor=actor.person,
        real_actor=actor.real,
        subject=subject,
        account=account,
        address=actor.address,
        data=data,
    )
