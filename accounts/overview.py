"""Numbers about an account and all below it, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import Account
from accounts.people import WITHOUT_PASSWORD, people_of
from courses.models import Course, Enrolment
from courses.rules import OF_A_STUDENT
from pairing.models import ObservationLink, PairingCode


@dataclass(frozen=True)
class Counts:
    students: int
    observers: int
    live_codes: int
    courses: int
    without_sign_in: int


def counts_of(account: Account) -> Counts:
    """How many students, their observers and live codes, courses, people without a sign-in."""
    students = Enrolment.objects.filter(
        OF_A_STUDENT,
        root_account_id=account.root_account_id,
        course__account__path__startswith=account.path,
    )
    theirs: dict[str, Any] = {"root_account_id": account.root_account_id}
    if not account.is_root:
        theirs["student__in"] = students.values("user")
    courses = Course.objects.existing().filter(account__path__startswith=account.path)
    row = Account.objects.filter(pk=account.pk).values_list(
        _number(students, "user"),
        _number(ObservationLink.objects.active().filter(**theirs), "observer"),
        _number(PairingCode.objects.live().filter(**theirs), "pk"),
        _number(courses.filter(root_account_id=account.root_account_id), "pk"),
        _number(people_of(account).filter(WITHOUT_PASSWORD), "pk"),
    )
    return Counts(*row.get())


def _number(rows: QuerySet[Any], field: str) -> Coalesce:
    """How many different values of `field` the rows have, as a column."""
    one_group = rows.order_by().annotate(all=Value(1)).values("all")
    number = one_group.annotate(number=Count(field, distinct=True)).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)
