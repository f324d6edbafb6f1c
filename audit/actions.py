"""The one function that records an event."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account, User
from audit.models import Event
from pairing_service.rows import insert_rows
from pairing_service.statements import run


def record(
    actor: Actor,
    action: str,
    *,
    subject: User | int | None = None,
    account: Account | None = None,
    **data: Any,
) -> None:
    """Tell what `actor` did, in the caller's transaction: it stands exactly if the deed does.

    `subject` is the person to whom it was done, or their id; of a link the student, and `observer`
    in `data` is the other one's id.
    `data` is kept as JSON and must never hold a code, a token or a password (spec "Events").
    """
    run(
        _RECORD,
        root=actor.root_account.pk,
        now=timezone.now(),
        action=action,
        actor=actor.person.pk if actor.person else None,
        real=actor.real.pk if actor.real else None,
        subject=subject.pk if isinstance(subject, User) else subject,
        observer=data.get("observer"),
        account=account.pk if account else None,
        address=actor.address,
        data=json.dumps(data, cls=DjangoJSONEncoder),
    )


# By hand: it is part of every write, and half of what the ORM would add to a redemption.
_RECORD = """
INSERT INTO audit_event (root_account_id, created_at, action, actor_id, real_actor_id, subject_id,
                         observer_id, account_id, address, data)
VALUES (%(root)s, %(now)s, %(action)s, %(actor)s, %(real)s, %(subject)s, %(observer)s,
        %(account)s, %(address)s, %(data)s)
"""


# An action, the id of the person to whom it was done, and the data.
Told = tuple[str, int, dict[str, Any]]


def record_all(actor: Actor, told: Iterable[Told]) -> None:
    """The same for any number of deeds, in one statement."""
    insert_rows(
        Event,
        ("action", "subject_id", "data"),
        told,
        {
            "root_account_id": actor.root_account.pk,
            "created_at": timezone.now(),
            "actor_id": actor.person.pk if actor.person else None,
            "real_actor_id": actor.real.pk if actor.real else None,
            "address": actor.address,
        },
    )


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
        observer_id=data.get("observer"),
        account=account,
        address=actor.address,
        data=data,
    )
