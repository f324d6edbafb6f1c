"""What happened: one append-only table of events."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Account, User


class Event(models.Model):
    """Something that somebody did, told once (spec/pairing.md "Events").

    `actor` is the person as whom it was done, `real_actor` the person who did it; they differ
    while acting as someone. Both are empty for the command line. `observer` is the other person of
    a link, where `subject` is the student. `data` never holds a secret. The database refuses every
    change (audit.triggers).
    """

    root_account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=40)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    real_actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    subject = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    observer = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="+", db_index=False
    )
    address = models.GenericIPAddressField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        # One for everything that a list may be narrowed to, in the order in which it is read.
        indexes = [
            models.Index(fields=["root_account", "created_at", "id"], name="event_by_time"),
            models.Index(
                fields=["root_account", "action", "created_at", "id"], name="event_by_action"
            ),
            models.Index(
                fields=["root_account", "address", "created_at", "id"], name="event_by_address"
            ),
            models.Index(fields=["actor", "created_at", "id"], name="event_by_actor"),
            models.Index(
                fields=["real_actor", "created_at", "id"],
                condition=~Q(real_actor=F("actor")),
                name="event_by_real_actor",
            ),
            models.Index(fields=["subject", "created_at", "id"], name="event_by_subject"),
            models.Index(
                fields=["observer", "created_at", "id"],
                condition=Q(observer__isnull=False),
                name="event_by_observer",
            ),
            models.Index(fields=["account", "created_at", "id"], name="event_by_account"),
        ]

    def __str__(self) -> str:
        return self.action


class Forgetting(models.Model):
    """Events may be removed or changed in the transaction in which a row of this is there.

    It never outlives the transaction, so nobody else ever sees one (audit.triggers).
    """

    id: Any = models.SmallIntegerField(primary_key=True, default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="forgetting_is_one")]
