"""Every write to enrolments: who is put into a section, and what becomes of their place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from accounts.rules import SEE_PERSON
from audit.actions import record
from courses.actions.following import Change, tell_followers
from courses.actions.states import WrongState
from courses.models import Course, Enrolment, Section
from courses.rules import (
    ANSWER_INVITATION,
    ENROL,
    ENROL_AS_ADMINISTRATOR,
    UNENROL,
    may_give,
    may_place_at_once,
)
from permissions.actions.overrides import hold_rights
from permissions.models import Role
from permissions.policy import Denied, may, require

State = Enrolment.State


class EnrolmentRefused(Exception):
    """Why nobody may make this enrolment, in a sentence."""


@dataclass(frozen=True)
class Wanted:
    """What a new place is to be: in a state, for all or only the section's people, and when.

    `observed` is the student whom an observer's place names: `pairing.actions.enrol_observer` asks
    whether the two may be brought together, and nobody else sets it.
    """

    state: str = State.INVITED
    limited_to_section: bool = False
    observed: User | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None


@transaction.atomic
def enrol(
    *, actor: Actor, user: User, section: Section, role: Role, wanted: Wanted | None = None
) -> Enrolment:
    """Put a person into a section. Who holds only a course role invites, and so does everybody a
    student of accounts that are not theirs; the same row is reused.

    Raises Denied also for a role that gives what the actor lacks in the course, EnrolmentRefused.
    """
    _hold_to_give(actor, section, role, {user.pk})
    return _enrol(actor, user, section, role, wanted or Wanted())


def _hold_to_give(actor: Actor, section: Section, role: Role, people: Collection[int]) -> None:
    """Hold everyone's rights; raise Denied, EnrolmentRefused unless the actor may give the role,
    and the people are there: who deletes one queues there, too."""
    course = section.course
    hold_rights(actor, course.account)
    require(actor, ENROL[role.base_role], course)
    role.refresh_from_db(fields=["state"])  # whoever deactivates it queues there, too
    _refuse_impossible(section, role)
    if not may_give(actor, role.pk, course) or not User.objects.are_there(people):
        raise Denied(ENROL[role.base_role])


def _enrol(actor: Actor, user: User, section: Section, role: Role, wanted: Wanted) -> Enrolment:
    course = section.course
    if not may(actor, ENROL_AS_ADMINISTRATOR[role.base_role], course):
        require(actor, SEE_PERSON, user)
    at_once = may_place_at_once(actor, role.base_role, course, user)
    if not at_once:
        wanted = replace(wanted, state=State.INVITED)
    enrolment, before = _put(user, section, role, wanted)
    if at_once and wanted.state == State.ACTIVE:
        _activate(enrolment)
    record(
        actor, "enrolled", subject=user, account=course.account, course=course.pk, role=role.label
    )
    _tell(enrolment, before, enrolment.state)
    return enrolment


@transaction.atomic
def enrol_all(
    *, actor: Actor, users: Collection[User], section: Section, role: Role
) -> list[Enrolment]:
    """Put several people into a section, all or nobody; active where the actor may do it at once,
    else invited.

    Raises Denied, EnrolmentRefused.
    """
    _hold_to_give(actor, section, role, {user.pk for user in users})
    # In the order in which everybody holds people: who links two of them would wait for ever.
    in_order = sorted(users, key=lambda user: user.pk)
    return [_enrol(actor, user, section, role, Wanted(State.ACTIVE)) for user in in_order]


def _refuse_impossible(section: Section, role: Role) -> None:
    """What became of the course and the section is asked anew: both change under the same lock."""
    course = section.course
    if not course.account.path.startswith(role.account.path):
        raise EnrolmentRefused("Invalid role")
    if role.state == Role.State.INACTIVE:
        raise EnrolmentRefused("Cannot create an enrollment with this role because it is inactive.")
    course.refresh_from_db(fields=["state", "end_at"])
    section.refresh_from_db(fields=["state"])
    if course.is_concluded or course.state == Course.State.DELETED:
        raise EnrolmentRefused("Can't add an enrollment to a concluded course.")
    if section.state == Section.State.DELETED:
        raise EnrolmentRefused("Can't add an enrollment to a deleted section.")


def _put(user: User, section: Section, role: Role, wanted: Wanted) -> tuple[Enrolment, str | None]:
    """The row, new or as it was; only a rejected or deleted one starts over. With the old state."""
    enrolment, is_new = Enrolment.objects.select_for_update().get_or_create(
        section=section,
        user=user,
        role=role,
        associated_user=wanted.observed,
        defaults={
            "root_account_id": section.root_account_id,
            "course_id": section.course_id,
            "type": role.base_role,
        }
        | _values(wanted),
    )
    before = None if is_new else enrolment.state
    if before in (State.REJECTED, State.DELETED):
        anew = _values(wanted) | {"activated_at": None, "updated_at": timezone.now()}
        Enrolment.objects.filter(pk=enrolment.pk).update(**anew)
        enrolment.refresh_from_db()
    return enrolment, before


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "state": wanted.state,
        "limited_to_section": wanted.limited_to_section,
        "start_at": wanted.start_at,
        "end_at": wanted.end_at,
    }


def _activate(enrolment: Enrolment) -> None:
    """An administrator's own doing: the enrolment counts from now on."""
    now = timezone.now()
    waiting = Enrolment.objects.filter(pk=enrolment.pk, activated_at=None)
    waiting.update(state=State.ACTIVE, activated_at=now, updated_at=now)
    enrolment.refresh_from_db()


def accept_invitation(*, actor: Actor, enrolment: Enrolment) -> None:
    """The invited person says yes; from now on the enrolment counts. Raises Denied, WrongState."""
    now = timezone.now()
    _change(
        actor, ANSWER_INVITATION, enrolment, Enrolment.UNANSWERED,
        {"state": State.ACTIVE, "activated_at": now},
    )  # fmt: skip


def decline_invitation(*, actor: Actor, enrolment: Enrolment) -> None:
    """The invited person says no. Raises Denied, WrongState."""
    _change(
        actor, ANSWER_INVITATION, enrolment, Enrolment.UNANSWERED,
        {"state": State.REJECTED},
    )  # fmt: skip


def conclude(*, actor: Actor, enrolment: Enrolment) -> None:
    """Over, but still there to be seen. Raises Denied, WrongState."""
    before = [State.ACTIVE, State.INVITED, State.CREATION_PENDING, State.INACTIVE]
    _change(actor, UNENROL[enrolment.type], enrolment, before, {"state": State.COMPLETED})


def inactivate(*, actor: Actor, enrolment: Enrolment) -> None:
    """Suspended until reactivated. Raises Denied, WrongState."""
    before = [State.ACTIVE, State.INVITED, State.CREATION_PENDING, State.COMPLETED]
    _change(actor, UNENROL[enrolment.type], enrolment, before, {"state": State.INACTIVE})


def reactivate(*, actor: Actor, enrolment: Enrolment) -> None:
    """As before it was suspended; it counts if it did before. Raises what bringing back raises."""
    _return(actor, enrolment, [State.INACTIVE])


def bring_back(*, actor: Actor, enrolment: Enrolment) -> None:
    """As before it was suspended or concluded: active, or still to be accepted.

    It counts if it did before. Raises Denied also when its role gives what the actor lacks in the
    course, WrongState.
    """
    _return(actor, enrolment, [State.INACTIVE, State.COMPLETED])


@transaction.atomic
def _return(actor: Actor, enrolment: Enrolment, before: Sequence[str]) -> None:
    rule = UNENROL[enrolment.type]
    hold_rights(actor, enrolment.course.account)
    if not may_give(actor, enrolment.role_id, enrolment.course):
        raise Denied(rule)
    _change(actor, rule, enrolment, before, {"state": _AS_BEFORE})


# What was never accepted is an invitation again: else nobody could accept it any more. An observer
# has nothing to accept.
_AS_BEFORE = Case(
    When(~Q(type=Enrolment.Type.OBSERVER), activated_at=None, then=Value(State.INVITED)),
    default=Value(State.ACTIVE),
)


def remove(*, actor: Actor, enrolment: Enrolment) -> None:
    """Deleted, for everyone. Raises Denied, WrongState."""
    before = [state for state in State.values if state != State.DELETED]
    _change(actor, UNENROL[enrolment.type], enrolment, before, {"state": State.DELETED})


@transaction.atomic
def _change(
    actor: Actor, rule: Any, enrolment: Enrolment, before: Sequence[str], values: dict[str, Any]
) -> None:
    require(actor, rule, enrolment)
    this = Enrolment.objects.filter(pk=enrolment.pk)
    # The followers need the state that this very change ends, so the row is held from here on.
    old = this.select_for_update().values_list("state", flat=True).get()
    if not this.filter(state__in=before).update(**values, updated_at=timezone.now()):
        raise WrongState(f"The enrolment is not {' or '.join(before)}.")
    enrolment.refresh_from_db()
    record(
        actor, "enrolment_changed", subject=enrolment.user, account=enrolment.course.account,
        course=enrolment.course_id, before=old, after=enrolment.state,
    )  # fmt: skip
    _tell(enrolment, old, enrolment.state)


def _tell(enrolment: Enrolment, before: str | None, after: str) -> None:
    if enrolment.type == Enrolment.Type.STUDENT:
        tell_followers([Change(enrolment.user_id, enrolment.section_id, before, after)])
