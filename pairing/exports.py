"""Codes for all students of a course, or of an account and all below it (spec "Who may issue").

The rule is asked about each student; for whom it fails is left out, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum

from accounts.actor import Actor
from accounts.models import Account, RootAccountSettings, User
from courses.models import Course, Enrolment
from courses.rules import OF_A_STUDENT
from pairing.actions import IssuedCode, issue_for
from pairing.models import PairingCode
from pairing.rules import (
    ISSUE_AS_ADMINISTRATOR,
    ISSUE_FOR_ACCOUNT,
    ISSUE_FOR_COURSE,
    ISSUE_ON_DETAILS,
)
from permissions.policy import Rule, permitted, require

Surface = PairingCode.Surface


@dataclass(frozen=True)
class Scope:
    """For whom: the students of a place. `gate` is asked about the place, `rule` about each of
    their enrolments there."""

    place: Course | Account
    gate: Rule
    rule: Rule
    surface: str
    there: Q

    @property
    def course_id(self) -> int | None:
        return self.place.pk if isinstance(self.place, Course) else None

    def students(self) -> QuerySet[User]:
        """Everyone who is a student there."""
        return _people_of(Enrolment.objects.filter(OF_A_STUDENT, self.there))

    def receiving(self, actor: Actor) -> QuerySet[User]:
        """Those for whom the rule holds."""
        return _people_of(permitted(actor, self.rule).filter(self.there))


def _people_of(enrolments: QuerySet[Enrolment]) -> QuerySet[User]:
    # A set, not a question per person: that would go through the course for each.
    people: QuerySet[User] = User.objects.existing().filter(pk__in=enrolments.values("user"))
    return people


def of_course(course: Course) -> Scope:
    return Scope(
        course, ISSUE_FOR_COURSE, ISSUE_ON_DETAILS, Surface.COURSE_EXPORT, Q(course=course.pk)
    )


def of_account(account: Account) -> Scope:
    """The account's and all below it."""
    return Scope(
        account,
        ISSUE_FOR_ACCOUNT,
        ISSUE_AS_ADMINISTRATOR,
        Surface.ACCOUNT_EXPORT,
        Q(course__account__path__startswith=account.path),
    )


@dataclass(frozen=True)
class Prospect:
    """What an export would do now: how many get a code, for how many it is refused, how many have
    so many live codes that some of them end, and how many codes these are: one of each, more where
    the limit has been lowered since."""

    receiving: int
    left_out: int
    full: int
    ended: int


def prospect_of(actor: Actor, scope: Scope) -> Prospect:
    """Three statements, however many students there are."""
    receiving = scope.receiving(actor)
    count = receiving.count()
    limit = actor.root_account.settings.live_codes_per_student
    live = PairingCode.objects.live().filter(student__in=receiving.values("pk"))
    by_student = live.values("student").annotate(live=Count("pk")).filter(live__gte=limit)
    found = by_student.aggregate(full=Count("student"), codes=Sum("live", default=0))
    full = found["full"]
    return Prospect(
        count,
        scope.students().count() - count,
        full,
        found["codes"] - full * (limit - 1),
    )


@dataclass(frozen=True)
class Export:
    """New codes by the students' names, and for how many students there are none."""

    codes: list[IssuedCode]
    left_out: int


@transaction.atomic
def export_codes(*, actor: Actor, scope: Scope) -> Export:
    """Make a code for each student for whom the rule holds: all of them, or none. Raises Denied.

    The number of statements is the same for any number of students.
    """
    settings = RootAccountSettings.objects.held(actor.root_account)
    require(actor, scope.gate, scope.place)
    # Held before the rule is asked about them: whoever changes their enrolments holds them, too.
    there = scope.students().order_by("pk").select_for_update(of=("self",), no_key=True)
    held = set(there.values_list("pk", flat=True))
    receiving = scope.receiving(actor).order_by("name_key", "pk")
    students = [student for student in receiving if student.pk in held]
    codes = issue_for(students, actor, settings, scope.surface, scope.course_id)
    return Export(codes, len(held) - len(codes))
