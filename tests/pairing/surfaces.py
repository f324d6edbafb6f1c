"""Who holds how much of a pair of permissions: the cases that every surface is tried with.

Student is `cast.student`; the course of the details page is Biology. A surface makes `arrange` give
the caller their rights, goes through its door, and expects a code exactly when it is `allowed`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from tests.cast import Cast, enrol, make_account_role, make_admin

GENERATE = "generate_observer_pairing_code"
ACT_AS = "become_user"
COURSE_ADMINISTRATION = "allow_course_admin_actions"


@dataclass(frozen=True)
class Case:
    """`arrange` gives the caller just these rights, and returns them."""

    name: str
    arrange: Callable[[Cast], User]
    allowed: bool

    def __str__(self) -> str:
        return self.name


# --- The pair of the student's settings page: generate over the student, act as in the root ---


def _helper(*keys: str) -> Callable[[Cast], User]:
    """Joy, with an account role of just these permissions in the root account."""

    def arrange(cast: Cast) -> User:
        make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Helper", *keys))
        return cast.observer

    return arrange


def _helper_with_generate_elsewhere(cast: Cast) -> User:
    caller = _helper(ACT_AS)(cast)
    enrol(cast, caller, cast.courses.reading, "TaEnrollment")
    cast.override("TaEnrollment", GENERATE, account=cast.accounts.elementary)
    return caller


def _helper_over_an_invitation(cast: Cast) -> User:
    """Teaches a course into which the student was invited, and has not accepted."""
    caller = _helper(ACT_AS)(cast)
    enrol(cast, caller, cast.courses.reading, "TaEnrollment")
    enrol(cast, cast.student, cast.courses.reading, "StudentEnrollment", "invited")
    cast.override("TaEnrollment", GENERATE, account=cast.accounts.elementary)
    return caller


def _helper_while_off(cast: Cast) -> User:
    cast.set(self_registration="none")
    return _helper(GENERATE, ACT_AS)(cast)


SETTINGS_PAIR = [
    Case("neither", _helper(), allowed=False),
    Case("generate only", _helper(GENERATE), allowed=False),
    Case("act as only", _helper(ACT_AS), allowed=False),
    Case("generate in another's course", _helper_with_generate_elsewhere, allowed=False),
    Case("generate where it does not count", _helper_over_an_invitation, allowed=False),
    Case("both", _helper(GENERATE, ACT_AS), allowed=True),
    Case("both, self registration off", _helper_while_off, allowed=False),
]


# --- The pair of User Details in Biology; the teacher also teaches the student in History ---


def _teacher_with_neither(cast: Cast) -> User:
    cast.override("TeacherEnrollment", COURSE_ADMINISTRATION, enabled=False)
    return cast.teacher


def _teacher_who_generates(cast: Cast) -> User:
    cast.override("TeacherEnrollment", GENERATE)
    return _teacher_with_neither(cast)


def _teacher_who_administers(cast: Cast) -> User:
    return cast.teacher


def _teacher_of_two_halves(cast: Cast) -> User:
    """Generates in Biology (of Science), administers History (of High) alone."""
    cast.override("TeacherEnrollment", GENERATE, account=cast.accounts.science)
    cast.override(
        "TeacherEnrollment",
        COURSE_ADMINISTRATION,
        account=cast.accounts.high,
        applies_to_descendants=False,
    )
    return _teacher_with_neither(cast)


def _teacher_with_both(cast: Cast) -> User:
    cast.override("TeacherEnrollment", GENERATE)
    return cast.teacher


def _teacher_while_off(cast: Cast) -> User:
    cast.set(self_registration="none")
    return _teacher_with_both(cast)


DETAILS_PAIR = [
    Case("neither", _teacher_with_neither, allowed=False),
    Case("generate only", _teacher_who_generates, allowed=False),
    Case("course administration only", _teacher_who_administers, allowed=False),
    Case("each in another course", _teacher_of_two_halves, allowed=False),
    Case("both", _teacher_with_both, allowed=True),
    Case("both, self registration off", _teacher_while_off, allowed=False),
]
