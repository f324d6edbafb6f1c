"""Ids of courses and sections as clients write them (contract §1.9); within the actor's tenant."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.actor import Actor
from accounts.ids import id_condition, is_plain_id, may_hear_of, numbered
from courses.models import Course, Section
from courses.rules import IN_EXISTING_COURSE, SEE_COURSE
from permissions.policy import Denied, Rule, may

_COURSE_FORMS = {
    "sis_course_id": lambda value: Q(sis_id=value),
    "sis_integration_id": lambda value: Q(integration_id=value),
    "uuid": lambda value: Q(uuid=value),
    "lti_context_id": lambda value: Q(uuid=value),
}
_SECTION_FORMS = {
    "sis_section_id": lambda value: Q(sis_id=value),
    "sis_integration_id": lambda value: Q(integration_id=value),
}


def find_course(actor: Actor, text: str, among: QuerySet[Course] | None = None) -> Course | None:
    """The course of the tenant that `text` names, unless deleted. `among`: where to look instead,
    such as among those that the actor could bring back."""
    if among is None and is_plain_id(text):
        return numbered(Course, actor, text)
    condition = id_condition(text, _COURSE_FORMS)
    if among is None:
        among = Course.objects.existing().filter(root_account=actor.root_account)
    return among.filter(condition).first() if condition else None


def get_course(actor: Actor, text: str, *, required: Rule | None = None) -> Course:
    """The same; Http404 when there is none, or one of which the actor may not even hear.

    Raises Denied unless the actor may do `required` to it.
    """
    course = find_course(actor, text)
    if course is None or not may_hear_of(actor, text, course, SEE_COURSE):
        raise Http404
    _check(actor, required, course)
    return course


def _check(actor: Actor, required: Rule | None, course: Course) -> None:
    """As it was just read: whatever is written asks once more under its lock."""
    if required is not None and not may(actor, required, course):
        raise Denied(required)


def get_section(actor: Actor, text: str, *, required: Rule | None = None) -> Section:
    """The section that `text` names, its course at hand, unless either is deleted.

    Http404 when there is none, or one of whose course the actor may not even hear. Raises Denied
    unless the actor may do `required` to the course.
    """
    section = find_section(actor, text)
    if section is None or not may_hear_of(actor, text, section.course, SEE_COURSE):
        raise Http404
    _check(actor, required, section.course)
    return section


def find_section(actor: Actor, text: str, course: Course | None = None) -> Section | None:
    """The section, in the course if one is given."""
    condition = id_condition(text, _SECTION_FORMS)
    if condition is None:
        return None
    there = Section.objects.filter(condition, root_account=actor.root_account).exclude(
        state=Section.State.DELETED
    )
    there = there.filter(course=course) if course else there
    return there.filter(IN_EXISTING_COURSE).select_related("course__account").first()
