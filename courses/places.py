"""Enrolments over REST: which of a course one may hear of, and which are asked for (§7.3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.ids import find_heard_of
from accounts.models import User
from accounts.rules import SEE_PEOPLE_OF_ACCOUNT
from courses.listing import has_ended, is_not_past
from courses.models import Course, Enrolment, Section
from courses.people import Sight, enrolments_seen
from courses.rules import (
    SEE_COURSE_PEOPLE,
    SEE_ENDED_ENROLMENT,
    SEE_ENROLMENT_AS_OBSERVER,
    SEE_SIS_IMPORT_OF_ENROLMENT,
    SEE_SIS_OF_ENROLMENT,
    WORDS,
    removable,
)
from pairing_service.http.errors import Refusal, refusal
from pairing_service.http.params import Params, is_number
from permissions.models import Role
from permissions.policy import answer, answered, may, permitted

State = Enrolment.State
_CURRENT = [State.ACTIVE, State.INVITED]
# What `state[]` may say, and the states that it means. Nothing here is ever pending otherwise.
_STATES: dict[str, list[str]] = {
    **{str(state): [state] for state in State.values if state != State.DELETED},
    "pending_active": [],
    "pending_invited": [],
    "current_and_invited": [*_CURRENT],
    "current_and_future": [*_CURRENT, State.CREATION_PENDING],
    "current_and_concluded": [State.ACTIVE, State.COMPLETED],
}
_IN_COURSE = [str(state) for state in State.values if state != State.DELETED]
_TYPES = {word: type_ for type_, word in WORDS.items()}
_SIS_FILTERS = {
    "sis_user_id": "user__sis_id",
    "sis_section_id": "section__sis_id",
    "sis_course_id": "course__sis_id",
    "sis_account_id": "course__account__sis_id",
}


def places_in(actor: Actor, course: Course, sight: Sight) -> QuerySet[Enrolment]:
    """The enrolments in the course of which the actor may hear: as its People shows them; as an
    observer their own and their students'; and who declined or was removed, for who oversees."""
    observed: QuerySet[Enrolment] = permitted(actor, SEE_ENROLMENT_AS_OBSERVER).filter(
        course=course
    )
    if not may(actor, SEE_COURSE_PEOPLE, course):
        return observed
    there = enrolments_seen(actor, course, sight) | observed
    return with_declined(actor, course, there).exclude(user__state=User.State.DELETED)


def places_told_of(actor: Actor, user: User) -> QuerySet[Enrolment]:
    """The person's enrolments, for who may see them all: themself, their observers, and who reads
    the whole roster. Whom a student observes in turn is not their parents' to know."""
    places: QuerySet[Enrolment] = Enrolment.objects.filter(
        user=user, root_account=actor.root_account
    )
    if user == actor.person or may(actor, SEE_PEOPLE_OF_ACCOUNT, actor.root_account):
        return places
    return places.filter(associated_user=None)


def with_declined(actor: Actor, course: Course, there: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """And the places in the course that were declined or deleted, for who oversees them."""
    ended: QuerySet[Enrolment] = permitted(actor, SEE_ENDED_ENROLMENT).filter(
        course=course, state__in=[State.REJECTED, State.DELETED]
    )
    return there | ended


def asked_for(
    rows: QuerySet[Enrolment], actor: Actor, params: Params, *, own: bool = False
) -> QuerySet[Enrolment]:
    """Those that `state[]`, `type[]`, `role[]`, `role_id[]` and `sis_…_id[]` ask for.

    By default active and invited ones. `own`: one's own list, which has no deleted ones. Raises
    the 400s.
    """
    rows = rows.filter(_in_states(params.texts("state"), own=own))
    if types := params.texts("type"):
        rows = rows.filter(type__in=types)
    if names := params.texts("role"):
        rows = rows.filter(role__in=_roles(actor, names))
    if ids := params.texts("role_id"):
        rows = rows.filter(role__in=[int(text) for text in ids if is_number(text)])
    for name, field in _SIS_FILTERS.items():
        if texts := params.texts(name):
            # Whoever may not see SIS ids learns none by asking for them.
            rows = rows.filter(SEE_SIS_OF_ENROLMENT.q(actor), **{f"{field}__in": texts})
    return rows


def of_person(rows: QuerySet[Enrolment], actor: Actor, text: str) -> QuerySet[Enrolment]:
    """Those of the person whom `text` names: none for whom the actor can't name so."""
    user = find_heard_of(actor, text)
    return rows.filter(user=user) if user else rows.none()


_SHOWN_OF = ("role", "course__account", "section", "associated_user", "user")
_COLUMNS = (
    *(field.name for field in Enrolment._meta.concrete_fields),
    "role__base_role", "role__label", "role__state",
    "course__state", "course__sis_id", "course__integration_id", "course__account__sis_id",
    "section__state", "section__sis_id", "section__integration_id",
)  # fmt: skip


def shown(
    rows: QuerySet[Enrolment], actor: Actor, include: Collection[str] = ()
) -> QuerySet[Enrolment]:
    """With all that `courses.serializers.enrolments` shows of them."""
    rows = answered(
        rows.select_related(*_SHOWN_OF).only(*_COLUMNS),
        actor,
        shows_sis=SEE_SIS_OF_ENROLMENT,
        shows_sis_import=SEE_SIS_IMPORT_OF_ENROLMENT,
    )
    if "can_be_removed" in include:
        rows = rows.annotate(can_be_removed=answer(removable(actor)))
    return rows


def of_types(asked: Collection[str]) -> Q:
    """Of one of these types, in clients' words: student, teacher, …; of any when none is given."""
    asked = [text for text in asked if text]
    for text in asked:
        if text not in _TYPES:
            raise refusal(400, f"enrollment_type must be one of {', '.join(_TYPES)}")
    return Q(type__in=[_TYPES[text] for text in asked]) if asked else Q()


def in_course_states(asked: Collection[str]) -> Q:
    """In one of these states, active or invited when none is given; deleted ones are not told."""
    for text in asked:
        if text not in _IN_COURSE:
            raise refusal(400, f"enrollment_state must be one of {', '.join(_IN_COURSE)}")
    return Q(state__in=asked or _CURRENT)


def not_ended() -> Q:
    """Places that have not ended, in courses that have not: what one's own list has unless it is
    asked for states."""
    return is_not_past() & ~has_ended("course__")


def _in_states(asked: list[str], *, own: bool) -> Q:
    exists = ~Q(course__state=Course.State.DELETED) & ~Q(section__state=Section.State.DELETED)
    if not asked:
        return exists & Q(state__in=_CURRENT)
    known = _STATES if own else _STATES | {"deleted": [State.DELETED]}
    asked = [state for text in asked for state in text.split(",")]  # as the iOS app sends them
    for text in asked:
        if text not in known:
            raise Refusal(400, {"error": f"Invalid state {text}"})
    wanted = exists & Q(state__in={state for text in asked for state in known[text]})
    return wanted | ~exists if "deleted" in asked else wanted


def _roles(actor: Actor, names: list[str]) -> list[int]:
    """The tenant's roles of these names (contract §4.1); 400 when there is none of one name."""
    by_name: dict[str, list[int]] = {}
    for role in Role.objects.filter(root_account=actor.root_account):
        by_name.setdefault(role.name, []).append(role.pk)
    for name in names:
        if name not in by_name:
            raise Refusal(400, {"error": f"Invalid role {name}"})
    return [pk for name in names for pk in by_name[name]]


# --- The role of a new one ---

_INACTIVE = "Cannot create an enrollment with this role because it is inactive."
_MISMATCH = "The specified type must match the base type for the role"


def role_asked_for(course: Course, given: Params) -> tuple[Role | None, list[str]]:
    """The role that `role_id`, `role` or `type` names, of the course's accounts; a student's when
    none is named. And what is wrong, in the contract's words (§7.4)."""
    type_, is_named = given.text("type"), bool(given.text("role_id") or given.text("role"))
    if type_ and type_ not in Enrolment.Type.values:
        return None, ["Invalid type"]
    role = _named_role(course, given) if is_named else _built_in(course, type_)
    if role is None:
        return None, ["Invalid role"]
    if role.state == Role.State.INACTIVE:
        return None, [_INACTIVE]
    if type_ and type_ != role.base_role:
        return None, [_MISMATCH]
    return role, []


def _of_course(course: Course) -> QuerySet[Role]:
    usable: Any = Role.objects.filter(
        root_account=course.root_account_id,
        account__in=course.account.chain_ids,
        base_role__in=Enrolment.Type.values,
    )
    return usable


def _built_in(course: Course, type_: str | None) -> Role | None:
    wanted = type_ or Enrolment.Type.STUDENT
    return _of_course(course).filter(state=Role.State.BUILT_IN, base_role=wanted).first()


def _named_role(course: Course, given: Params) -> Role | None:
    """By id, or by name: one that is active before one that is not any more."""
    if text := given.text("role_id"):
        return _of_course(course).filter(pk=int(text)).first() if is_number(text) else None
    name = given.text("role")
    found = [role for role in _of_course(course).order_by("pk") if role.name == name]
    return min(found, key=lambda role: role.state == Role.State.INACTIVE, default=None)
