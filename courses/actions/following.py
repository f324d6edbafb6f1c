"""Who hears of changed student enrolments: observer enrolments follow them (spec "The link")."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from courses.models import Enrolment

_AT_ONCE = 2_000


class Change(NamedTuple):
    """A student enrolment that was made (`before` None) or has another state now."""

    student_id: int
    section_id: int
    before: str | None
    after: str


# Whoever follows joins here, and gets sets of changes in the transaction that makes them.
FOLLOWERS: list[Callable[[Collection[Change]], None]] = []


def tell_followers(changes: Collection[Change]) -> None:
    """Hand changed student enrolments to everyone who follows them, in the same transaction."""
    if changes:
        for follow in FOLLOWERS:
            follow(changes)


def tell_of_return(course_ids: Iterable[int | None]) -> None:
    """Whoever began to observe a student while the course was deleted is put beside them now.

    "Before" is not a state from which a student comes back: what was deleted by hand stays so.
    """
    found = Enrolment.objects.students().filter(course__in=list(course_ids))
    changes: list[Change] = []
    for student, section, state in found.values_list("user_id", "section_id", "state").iterator():
        changes.append(Change(student, section, Enrolment.State.ACTIVE, state))
        if len(changes) == _AT_ONCE:
            tell_followers(changes)
            changes = []
    tell_followers(changes)
