"""Why a code was refused over REST: what is missing, for callers who may see the student.

spec/pairing.md "A refusal says which condition failed". Pages say it in `pairing.refusals`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import User
from accounts.rules import SEE_PERSON
from courses.models import Course, Enrolment
from courses.rules import (
    ADMINISTER_ACCOUNT,
    COUNTS,
    IS_STUDENT,
    OF_A_STUDENT,
    SEE_COURSE,
    THAT_COUNTS,
)
from pairing.exports import Scope
from pairing.rules import (
    ACT_AS_KEY,
    GENERATE,
    ISSUE_ON_DETAILS,
    ISSUE_OVER_REST,
    MAY_ON_DETAILS,
    WHOSE_SURFACE,
)
from permissions.explaining.links import url_of_code
from permissions.grants import grants_of
from permissions.policy import Condition, may, unmet


@dataclass(frozen=True)
class Surface:
    """A way to the code that is the caller's, and what fails there; a course when it is in one."""

    failed: list[Condition]
    course_id: int | None = None

    @property
    def rank(self) -> tuple[int, bool, int]:
        """The fewest failed conditions; then the details page; then the lowest course id."""
        return len(self.failed), self.course_id is None, self.course_id or 0


def reason_for(actor: Actor, student: User) -> dict[str, Any] | None:
    """What the actor lacks on the surface that is nearest; None for who may not see the student.

    `explain_url` is a path on this host. `conditions`, where there are any, are sentences: what
    does not hold, and no permission would change it.
    """
    if not may(actor, SEE_PERSON, student):
        return None
    surfaces = [*_settings(actor, student), *_details(actor, student)]
    nearest = min(surfaces, key=lambda surface: surface.rank, default=Surface([]))
    others = [c.otherwise for c in nearest.failed if not c.permission and not c.setting]
    return {
        "missing": [
            {"permission": c.permission, "context": _context(actor, student, nearest, c)}
            for c in nearest.failed
            if c.permission
        ],
        "setting": next((c.setting for c in nearest.failed if c.setting), None),
        "explain_url": url_of_code(actor, student, nearest.course_id),
    } | ({"conditions": others} if others else {})


def reason_for_all(actor: Actor, scope: Scope) -> dict[str, Any] | None:
    """What the actor lacks to make codes for all students of a course or an account; None for who
    is not in the course, or does not administer the account."""
    place = scope.place
    is_course = isinstance(place, Course)
    if not may(actor, SEE_COURSE if is_course else ADMINISTER_ACCOUNT, place):
        return None
    [(_, _, failed)] = unmet(actor, scope.gate, type(place).objects.filter(pk=place.pk))
    context = f"{'course' if is_course else 'account'}_{place.pk}"
    return {
        "missing": [
            {"permission": c.permission, "context": context} for c in failed if c.permission
        ],
        "setting": next((c.setting for c in failed if c.setting), None),
        "explain_url": None,
    }


def _settings(actor: Actor, student: User) -> Iterator[Surface]:
    students = User.objects.filter(pk=student.pk)
    # Who holds it somewhere lacks no permission over a student whose enrolments don't count.
    lacks_place = _holds_generate(actor) and not _counting(student).exists()
    for row, _, failed in unmet(actor, ISSUE_OVER_REST, students):
        if MAY_ON_DETAILS not in row.conditions and WHOSE_SURFACE.isdisjoint(failed):
            if IS_STUDENT in failed:
                # For who is no student, no permission that one could be given would help.
                yield Surface([c for c in failed if not c.permission])
            else:
                yield Surface(
                    [COUNTS if lacks_place and c.permission == GENERATE else c for c in failed]
                )


def _holds_generate(actor: Actor) -> bool:
    return actor.real is not None and bool(grants_of(actor, actor.real).area(GENERATE))


def _counting(student: User) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(THAT_COUNTS, user=student)


def _details(actor: Actor, student: User) -> Iterator[Surface]:
    enrolments = Enrolment.objects.filter(OF_A_STUDENT, user=student)
    for _, enrolment, failed in unmet(actor, ISSUE_ON_DETAILS, enrolments):
        yield Surface(failed, enrolment.course_id)


def _context(actor: Actor, student: User, surface: Surface, condition: Condition) -> str:
    """Where the permission is to be held. "Over" the student is in a course that counts."""
    course_id = surface.course_id
    if course_id is None and condition.permission != ACT_AS_KEY:
        in_order = _counting(student).order_by("course_id")
        course_id = in_order.values_list("course_id", flat=True).first()
    return f"course_{course_id}" if course_id else f"account_{actor.root_account.pk}"
