"""What happened: one append-only table of events."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Account, User


class Event(models.Model):
    """Something that somebody did, told once (spec/pairing.md "Events").

    `actor` is the person as whom it was done, `real_actor` the person who did it; they differ
    while acting as someone. Both are empty for the command line. `data` never holds a secret.
    """

    root_account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=40)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    real_actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    subject = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    address = models.GenericIPAddressField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["root_account", "-id"], name="event_newest_first")]

    def __str__(self) -> str:
        return self.action
