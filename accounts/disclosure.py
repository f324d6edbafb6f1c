"""What of a person an API caller is told beside the names (contract §6.1)."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import User
from accounts.rules import EDIT_OWN_SETTINGS, SEE_SIS_IMPORT
from courses.rules import SEE_EMAIL, SEE_LOGIN, SEE_SIS_ID
from permissions.policy import answered


def told(users: QuerySet[User], actor: Actor) -> QuerySet[User]:
    """The users, each with what `accounts.serializers.user_json` may show of them to the actor."""
    return answered(
        users,
        actor,
        shows_sis_id=SEE_SIS_ID,
        shows_sis_import=SEE_SIS_IMPORT,
        shows_login=SEE_LOGIN,
        shows_email=SEE_EMAIL,
        may_change_name=EDIT_OWN_SETTINGS,
    )
