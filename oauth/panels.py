"""What pages show of applications: those that may act for somebody, and how keys are used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Count, Max, Q

from accounts.models import User
from oauth.asking import in_words
from oauth.models import DeveloperKey, DeveloperKeyQuerySet, Integration


@dataclass(frozen=True)
class Approved:
    """An application, with all that a person approved for it, on however many devices."""

    key: DeveloperKey
    since: datetime
    last_used_at: datetime | None
    purposes: list[str]
    may: dict[str, list[str]]


def approved_by(person: User) -> list[Approved]:
    """The person's approved applications by name: one statement."""
    kept = Integration.objects.active().exclude(key__state=DeveloperKey.State.DELETED)
    rows = kept.filter(user=person).select_related("key").order_by("key__name", "key_id", "pk")
    return [_together(list(of_key)) for _, of_key in groupby(rows, key=lambda row: row.key_id)]


def _together(rows: list[Integration]) -> Approved:
    uses = [row.last_used_at for row in rows if row.last_used_at]
    limits = [row.scopes or row.key.scopes for row in rows]
    # One without limits may do it all.
    scopes = " ".join(limits).split() if all(limits) else []
    return Approved(
        key=rows[0].key,
        since=rows[0].created_at,
        last_used_at=max(uses, default=None),
        purposes=list(dict.fromkeys(row.purpose for row in rows if row.purpose)),
        may=in_words(dict.fromkeys(scopes)),
    )


def keys_with_use(keys: DeveloperKeyQuerySet) -> Any:
    """Each with `people`, how many have approved it, and `last_used_at`: in the same statement."""
    active = Q(integrations__ended_at=None)
    return keys.annotate(
        people=Count("integrations__user", filter=active, distinct=True),
        last_used_at=Max("integrations__last_used_at"),
    )
