"""Course ids as clients write them (contract §1.9); within the actor's tenant, or None."""

from __future__ import annotations

from django.db.models import Q
from django.http import Http404

from accounts.actor import Actor
from accounts.ids import id_condition, may_hear_of
from courses.models import Course
from courses.rules import SEE_COURSE

_COURSE_FORMS = {
    "sis_course_id": lambda value: Q(sis_id=value),
    "sis_integration_id": lambda value: Q(integration_id=value),
    "uuid": lambda value: Q(uuid=value),
}


def find_course(actor: Actor, text: str) -> Course | None:
    """The course of the tenant that `text` names, unless deleted."""
    condition = id_condition(text, _COURSE_FORMS)
    courses = Course.objects.existing().filter(root_account=actor.root_account)
    return courses.filter(condition).first() if condition else None


def get_course(actor: Actor, text: str) -> Course:
    """The same; Http404 when there is none, or one of which the actor may not even hear."""
    course = find_course(actor, text)
    if course is None or not may_hear_of(actor, text, course, SEE_COURSE):
        raise Http404
    return course
