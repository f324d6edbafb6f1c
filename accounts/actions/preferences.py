"""Writes to a person's preferences in clients (contract §6.2)."""

from __future__ import annotations

from django.db import transaction

from accounts.actor import Actor
from accounts.models import Preferences, User
from accounts.rules import EDIT_DETAILS
from permissions.policy import require


@transaction.atomic
def set_preferences(*, actor: Actor, user: User, given: dict[str, bool]) -> None:
    """Set some of someone's preferences; the others stay. Raises Denied."""
    require(actor, EDIT_DETAILS, user)
    User.objects.hold([user.pk])
    row, _is_new = Preferences.objects.get_or_create(user=user)
    row.values = row.values | given
    row.save()
