"""Course ids as clients write them (contract §1.9); within the actor's tenant, or None."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.actor import Actor
from accounts.ids import id_condition, may_hear_of
from courses.models import Course
from courses.rules import SEE_COURSE
from permissions.policy import Rule, require

_COURSE_FORMS = {
    "sis_course_id": lambda value: Q(sis_id=value),
    "sis_integration_id": lambda value: Q(integration_id=value),
    "uuid": lambda value: Q(uuid=value),
}


def find_course(actor: Actor, text: str, among: QuerySet[Course] | None = None) -> Course | None:
    """The course of the tenant that `text` names, unless deleted. `among`: where to look instead,
    such as among those that the actor could bring back."""
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
    if required is not None:
        require(actor, required, course)
    return course
