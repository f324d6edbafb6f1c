"""“May they make a code for this student?”: which surface it is, for `permissions.explaining`."""

from __future__ import annotations

from accounts.actor import Actor
from accounts.models import User
from courses.models import Course
from pairing.rules import ISSUE_ON_DETAILS, ISSUE_ON_SETTINGS
from permissions.explaining.explain import Place, Question
from permissions.explaining.questions import FAMILIES, Family, enrolment_in


def issue_code(asker: Actor, person: User, student: User, place: Place) -> Question:
    """In a course it is User Details there; elsewhere the student's User Settings: their own, or
    reached by acting as them. Raises Unclear for who is not in the course."""
    if isinstance(place, Course):
        target = enrolment_in(asker, place, student, person, ISSUE_ON_DETAILS)
        return Question(person, ISSUE_ON_DETAILS, target)
    acting_as = None if person == student else student
    return Question(person, ISSUE_ON_SETTINGS, student, acting_as)


FAMILIES["issue_code"] = Family("issue_code", "make a pairing code for a student", issue_code)
