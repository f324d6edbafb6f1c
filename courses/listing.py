"""The courses of an account: listed, searched, sorted."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account
from accounts.people import M, in_order, searched, titled
from courses.models import Course, Enrolment
from courses.rules import (
    OF_A_STUDENT,
    OPEN_COURSE_SETTINGS,
    RESTORE_COURSE,
    SEE_COURSE_PEOPLE,
)
from permissions.policy import answered, permitted

_SORTED_BY = {"name": "name", "code": "course_code", "account": "account__name"}


def courses_of_account(account: Account) -> QuerySet[Course]:
    """Every course of the account and of all below it."""
    courses: QuerySet[Course] = Course.objects.existing().filter(
        root_account_id=account.root_account_id, account__path__startswith=account.path
    )
    return courses


def deleted_courses(actor: Actor, account: Account) -> QuerySet[Course]:
    """The deleted courses there that the actor may bring back."""
    gone: QuerySet[Course] = permitted(actor, RESTORE_COURSE).filter(
        state=Course.State.DELETED, account__path__startswith=account.path
    )
    return gone


def search(courses: QuerySet[Course], text: str, *, shows_sis_id: bool) -> QuerySet[Course]:
    """Names that fit the text, codes and (where they may be seen) SIS ids that begin with it."""
    text = searched(text)
    if not text:
        return courses
    found = titled(text) | Q(course_code__istartswith=text)
    if shows_sis_id:
        found |= Q(sis_id__istartswith=text)
    return courses.filter(found)


def has_ended(course: str = "") -> Q:
    """What `Course.is_concluded` says, as a filter; `course` leads to the course, as "course__"."""
    past = Q(**{f"{course}end_at__lt": timezone.now()})
    return Q(**{f"{course}state": Course.State.COMPLETED}) | past


def is_not_past() -> Q:
    """Whose own end, if it has one, is still to come. Lists know it; what a place gives ends with
    its state."""
    return Q(end_at=None) | Q(end_at__gt=timezone.now())


def shown(courses: QuerySet[Course], which: str) -> QuerySet[Course]:
    """Only those in the state that the page's filter names; all when it names none."""
    conditions = {
        "published": Q(state=Course.State.AVAILABLE) & ~has_ended(),
        "unpublished": Q(state=Course.State.UNPUBLISHED) & ~has_ended(),
        "concluded": has_ended(),
    }
    return courses.filter(conditions.get(which, Q()))


def sort(courses: QuerySet[Course], wanted: str) -> tuple[QuerySet[Course], str]:
    """In the order that `wanted` names ("code", "-code"), and its name; by name otherwise."""
    field = wanted.removeprefix("-")
    if field not in _SORTED_BY:
        wanted = field = "name"
    return in_order(courses, _SORTED_BY[field], is_descending=wanted.startswith("-")), wanted


def rows(page: QuerySet[Course], actor: Actor) -> QuerySet[Any]:
    """Each of a page's courses, in their order, with its account, how many students it has, and
    which of its pages open.

    Which courses the page has is asked inside: told of a slice, the databases would count the
    students of all the courses before it, too.
    """
    courses = Course.objects.filter(pk__in=page.values("pk")).order_by(*page.query.order_by)
    seen = answered(courses, actor, has_people=SEE_COURSE_PEOPLE, has_settings=OPEN_COURSE_SETTINGS)
    return with_students(seen).select_related("account")


def with_students(places: QuerySet[M], kind: str = "course") -> QuerySet[M]:
    """Courses (or, as `kind` says, sections), each with the number of its `students`."""
    students = Enrolment.objects.filter(OF_A_STUDENT, **{kind: OuterRef("pk")}).order_by()
    number = students.values(kind).annotate(n=Count("user", distinct=True)).values("n")
    found: Any = places.annotate(students=Coalesce(Subquery(number), Value(0)))
    return found  # type: ignore[no-any-return]
