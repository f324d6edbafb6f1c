"""Which courses REST lists: a person's own, an account's; what it tells of courses and sections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from accounts.actor import Actor
from accounts.models import Account, User
from courses.listing import (
    courses_of_account,
    deleted_courses,
    has_ended,
    search,
    with_students,
)
from courses.models import Course, Enrolment, Section
from courses.places import of_types, places_told_of
from courses.rules import (
    ENTER_COURSE,
    MANAGE_SIS_OF_COURSE,
    OF_SOMEONE_THERE,
    SEE_ENROLMENT_AS_OBSERVER,
    SEE_SIS_IDS_OF_ACCOUNT,
    SEE_SIS_IMPORT_OF_SECTION,
    SEE_SIS_IN_COURSE,
    SEE_SIS_OF_SECTION,
)
from pairing_service.http.errors import refusal
from pairing_service.http.params import Params, is_number, read_number
from pairing_service.statements import among
from permissions.catalogue import STAFF_BASE_ROLES
from permissions.policy import answered, may, permitted
from permissions.table import Piece, any_piece

State = Course.State
_SHORTEST = 2
# The wire's words; a course that nobody has published yet has three.
_STATES = {str(state): state for state in State} | {
    "created": State.UNPUBLISHED,
    "claimed": State.UNPUBLISHED,
}


def told(courses: QuerySet[Course], actor: Actor, include: Collection[str]) -> QuerySet[Course]:
    """The courses, each with what `courses.serializers.courses` may tell the actor of it."""
    found = answered(
        courses,
        actor,
        is_open=ENTER_COURSE,
        shows_sis=SEE_SIS_IN_COURSE,
        shows_sis_import=MANAGE_SIS_OF_COURSE,
    )
    if "total_students" in include:
        found = with_students(found)
    return found.select_related("account")


def told_sections(
    sections: QuerySet[Section], actor: Actor, include: Collection[str]
) -> QuerySet[Section]:
    """The sections, each with what `courses.serializers.sections` may tell the actor of it."""
    found = answered(
        sections, actor, shows_sis=SEE_SIS_OF_SECTION, shows_sis_import=SEE_SIS_IMPORT_OF_SECTION
    )
    if "total_students" in include:
        found = with_students(found, "section")
    return found.select_related("course")


# --- A person's ---


def courses_in_which(places: QuerySet[Enrolment]) -> QuerySet[Course]:
    """The courses of these enrolments, the oldest first."""
    found: QuerySet[Course] = Course.objects.filter(
        Exists(places.filter(course=OuterRef("pk")))
    ).order_by("pk")
    return found


def places_of(actor: Actor, user: User, params: Params) -> QuerySet[Enrolment]:
    """The person's enrolments for which their courses are listed. Raises the 400s."""
    there = places_told_of(actor, user).filter(OF_SOMEONE_THERE)
    there = there.filter(
        _of_enrolment_state(params), of_types([params.text("enrollment_type") or ""])
    )
    if text := params.text("enrollment_role_id"):
        there = there.filter(role=read_number("enrollment_role_id", text))
    return there.filter(_of_states(params.texts("state")))


def _of_enrolment_state(params: Params) -> Q:
    """By default what is active or waits for an answer, in courses that have not ended."""
    states, over = Enrolment.State, has_ended("course__")
    conditions = {
        "": Q(state__in=[states.ACTIVE, states.INVITED, states.CREATION_PENDING]) & ~over,
        "active": Q(state=states.ACTIVE) & ~over,
        "invited_or_pending": Q(state__in=Enrolment.UNANSWERED) & ~over,
        "completed": Q(state=states.COMPLETED) | (Q(state=states.ACTIVE) & over),
    }
    asked = params.text("enrollment_state") or ""
    if asked not in conditions:
        raise refusal(400, "enrollment_state must be active, invited_or_pending or completed")
    return conditions[asked]


def _of_states(asked: list[str]) -> Q:
    """By default students and observers hear of what is published, the others of everything."""
    if not asked:
        return Q(type__in=STAFF_BASE_ROLES) | ~Q(course__state=State.UNPUBLISHED)
    return Q(course__state__in=_states(asked))


def _states(asked: Iterable[str]) -> set[str]:
    for text in asked:
        if text not in _STATES:
            raise refusal(400, f"state must be one of {', '.join(_STATES)}")
    return {_STATES[text] for text in asked}


def by_course(
    actor: Actor, places: QuerySet[Enrolment], courses: Iterable[Course], *, observed: bool
) -> dict[int, list[Enrolment]]:
    """These enrolments in these courses, and (`observed`) those of the students whom the actor
    observes there: one or two statements."""
    ids = [course.pk for course in courses]
    found: dict[int, list[Enrolment]] = defaultdict(list)
    if not ids:
        return found
    sources = [places]
    if observed and actor.person is not None:
        students = permitted(actor, SEE_ENROLMENT_AS_OBSERVER).students()
        sources.append(students.exclude(user=actor.person.pk))
    for source in sources:
        for place in source.filter(course__in=ids).select_related("role").order_by("pk"):
            found[place.course_id].append(place)
    return found


# --- An account's ---

_SORTED_BY = {
    "course_name": "name",
    "sis_course_id": "sis_id",
    "account_name": "account__name",
}


def courses_asked_for(actor: Actor, account: Account, params: Params) -> QuerySet[Course]:
    """The courses of the account and of all below it that the parameters ask for, in order.

    Deleted ones are for who may bring them back. Raises the 400s.
    """
    shows_sis_id = may(actor, SEE_SIS_IDS_OF_ACCOUNT, account)
    courses = _in_account(actor, account, params)
    courses = courses.filter(*_switches(params))
    courses = _found(courses, params.text("search_term") or "", shows_sis_id=shows_sis_id)
    return _ordered(courses, params, shows_sis_id=shows_sis_id)


def _in_account(actor: Actor, account: Account, params: Params) -> QuerySet[Course]:
    asked = params.texts("state")
    courses = courses_of_account(account)
    if asked:
        states = set(_STATES.values()) if "all" in asked else _states(asked)
        courses = courses.filter(state__in=states)
        if State.DELETED in states:
            courses = courses | deleted_courses(actor, account)
    if asked := params.texts("by_subaccounts"):
        courses = courses.filter(_below(actor, asked))
    return courses


def _below(actor: Actor, ids: list[str]) -> Q:
    """In one of these accounts, or below it; what is none of the tenant's has no courses."""
    asked = {int(text) for text in ids if is_number(text)}
    above = Account.objects.live().filter(among("pk", asked), root_account=actor.root_account)
    return any_piece(
        [Piece(path) for path in above.values_list("path", flat=True)], "account__path"
    )


def _switches(params: Params) -> Iterable[Q]:
    """published, completed, with_enrollments: true or false; enrollment_type[]: somebody is it."""
    switches = {
        "published": Q(state=State.AVAILABLE),
        "completed": has_ended(),
        "with_enrollments": Q(Exists(_people_there())),
    }
    for name, condition in switches.items():
        if (wanted := params.boolean(name)) is not None:
            yield condition if wanted else ~condition
    if wanted_types := of_types(params.texts("enrollment_type")):
        yield Q(Exists(_people_there().filter(wanted_types)))


def _people_there() -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(OF_SOMEONE_THERE, course=OuterRef("pk"))


def _found(courses: QuerySet[Course], text: str, *, shows_sis_id: bool) -> QuerySet[Course]:
    """A number is looked for among the ids first."""
    if not text:
        return courses
    if is_number(text) and courses.filter(pk=int(text)).exists():
        return courses.filter(pk=int(text))
    if len(text) < _SHORTEST:
        raise refusal(400, f"search_term of {_SHORTEST} or more characters is required")
    return search(courses, text, shows_sis_id=shows_sis_id)


def _ordered(courses: QuerySet[Course], params: Params, *, shows_sis_id: bool) -> QuerySet[Course]:
    """The oldest first, unless another order is asked for that the actor may be told."""
    field = _SORTED_BY.get(params.text("sort") or "")
    is_descending = params.text("order") == "desc"
    if field is None or (field == "sis_id" and not shows_sis_id):
        return courses.order_by("-pk" if is_descending else "pk")
    by = Lower(field)
    if is_descending:
        return courses.order_by(by.desc(nulls_last=True), "-pk")
    return courses.order_by(by.asc(nulls_last=True), "pk")
