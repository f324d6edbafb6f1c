"""Addresses of explanations, and of the pages on which their changes are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.db.models.functions import Length
from django.urls import reverse

from accounts.actor import Actor
from accounts.models import Account, User
from accounts.rules import MANAGE_ACCOUNT_SETTINGS
from courses.rules import ENROL, UNENROL
from permissions.explaining.changes import (
    Activate,
    Change,
    ChangeSetting,
    Enrol,
    GiveRole,
    SwitchOn,
)
from permissions.policy import may, permitted
from permissions.rules import MANAGE_ADMINISTRATORS, MANAGE_OVERRIDES


def link_of(asker: Actor) -> Callable[[Change], str | None]:
    """Tells the page on which the asker can make a change; None when it is not theirs to make."""

    def link(change: Change) -> str | None:
        match change:
            case SwitchOn(account=account) if may(asker, MANAGE_OVERRIDES, account):
                return reverse(
                    "permissions:cell", args=[account.pk, change.role.pk, change.permission]
                )
            case GiveRole(account=account) if may(asker, MANAGE_ADMINISTRATORS, account):
                return reverse("accounts:admin-add", args=[account.pk])
            case ChangeSetting(account=account) if may(asker, MANAGE_ACCOUNT_SETTINGS, account):
                return reverse("accounts:account-settings", args=[account.pk])
            case Enrol(course=course) if may(asker, ENROL[change.role.base_role], course):
                return reverse("courses:enrol", args=[course.pk])
            case Activate(enrolment=enrolment) if may(asker, UNENROL[enrolment.type], enrolment):
                place = [enrolment.course_id, enrolment.user_id]
                return reverse("courses:enrolments", args=place)
        return None

    return link


def url_of_code(asker: Actor, student: User, course_id: int | None) -> str | None:
    """Where it is explained whether the real person may make a code for the student.

    In the course it is about User Details, else about the student's User Settings. None for who may
    open no such page, and for who acts as somebody else than the student: that is not explained.
    """
    if asker.real is None or (asker.is_acting and asker.person != student):
        return None
    themself = Actor(asker.root_account, asker.real, asker.real)
    managed = permitted(themself, MANAGE_OVERRIDES).live().order_by(Length("path"), "pk")
    if course_id is not None:
        managed = managed.filter(courses=course_id)
    account: Account | None = managed.first()
    if account is None:
        return None
    question: dict[str, Any] = {
        "person": asker.real.pk,
        "what": "action:issue_code",
        "target": student.pk,
    }
    question |= {"context": f"course:{course_id}"} if course_id else {}
    return f"{reverse('permissions:explain', args=[account.pk])}?{urlencode(question)}"
