"""Every write to courses and enrolments. State changes are one conditional UPDATE.

Observer enrolments follow the students' (spec/pairing.md "The link"): whoever needs to hear of
changed student enrolments joins `FOLLOWERS` and gets sets of `Change`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.actions import hold_tree
from accounts.actor import Actor
from accounts.models import Account, User
from accounts.rules import SEE_PERSON
from audit.actions import record
from courses.models import Course, Enrolment, Section
from courses.rules import (
    ADD_COURSE,
    ANSWER_INVITATION,
    ENROL,
    ENROL_AS_ADMINISTRATOR,
    UNENROL,
    may_give,
)
from permissions.actions.overrides import hold_rights
from permissions.models import Role
from permissions.policy import Denied, may, require

State = Enrolment.State


class Change(NamedTuple):
    """A student enrolment that was made (`before` None) or has another state now."""

    student_id: int
    section_id: int
    before: str | None
    after: str


FOLLOWERS: list[Callable[[Collection[Change]], None]] = []


class WrongState(Exception):
    """The enrolment is not in a state from which this can be done."""


class EnrolmentRefused(Exception):
    """Why nobody may make this enrolment, in a sentence."""


def tell_followers(changes: Collection[Change]) -> None:
    """Hand changed student enrolments to everyone who follows them, in the same transaction."""
    if changes:
        for follow in FOLLOWERS:
            follow(changes)


@transaction.atomic
def create_course(
    *, actor: Actor, account: Account, name: str, course_code: str = "", state: str
) -> Course:
    """A new course with the section that every course has from the start. Raises Denied."""
    hold_tree(actor)  # so that the account can't be removed beneath it
    require(actor, ADD_COURSE, account)
    if not Account.objects.live().filter(pk=account.pk).exists():
        raise Denied(ADD_COURSE)
    course = Course.objects.create(
        root_account=actor.root_account,
        account=account,
        name=name,
        course_code=course_code or name,
        state=state,
    )
    Section.objects.create(
        root_account=actor.root_account, course=course, name=name, is_default=True
    )
    record(actor, "course_created", account=account, course=course.pk, name=name)
    return course


@transaction.atomic
def enrol(
    *,
    actor: Actor,
    user: User,
    section: Section,
    role: Role,
    state: str = State.INVITED,
    limited_to_section: bool = False,
) -> Enrolment:
    """Put a person into a section. Who holds only a course role invites; the same row is reused.

    Raises Denied also for a role that gives what the actor lacks in the course, EnrolmentRefused.
    Attaching an observer to a student is `pairing.actions.link`.
    """
    _hold_to_give(actor, section.course, role)
    return _enrol(actor, user, section, role, state, limited_to_section)


def _hold_to_give(actor: Actor, course: Course, role: Role) -> None:
    """Hold everyone's rights; raise Denied, EnrolmentRefused unless the actor may give the role."""
    hold_rights(actor, course.account)
    require(actor, ENROL[role.base_role], course)
    role.refresh_from_db(fields=["state"])  # whoever deactivates it queues there, too
    _refuse_impossible(course, role)
    if not may_give(actor, role.pk, course):
        raise Denied(ENROL[role.base_role])


def _enrol(
    actor: Actor, user: User, section: Section, role: Role, state: str, limited_to_section: bool
) -> Enrolment:
    course = section.course
    at_once = may(actor, ENROL_AS_ADMINISTRATOR[role.base_role], course)
    if not at_once:
        require(actor, SEE_PERSON, user)
    wanted = state if at_once else State.INVITED
    enrolment, before = _put(user, section, role, wanted, limited_to_section)
    if at_once and wanted == State.ACTIVE:
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
    """Put several people into a section, all or nobody; active where the actor may do it at once.

    Raises Denied, EnrolmentRefused.
    """
    _hold_to_give(actor, section.course, role)
    # In the order in which everybody holds people: who links two of them would wait for ever.
    in_order = sorted(users, key=lambda user: user.pk)
    return [_enrol(actor, user, section, role, State.ACTIVE, False) for user in in_order]


def _refuse_impossible(course: Course, role: Role) -> None:
    if not course.account.path.startswith(role.account.path):
        raise EnrolmentRefused("Invalid role")
    if role.state == Role.State.INACTIVE:
        raise EnrolmentRefused("Cannot create an enrollment with this role because it is inactive.")
    if course.is_concluded or course.state == Course.State.DELETED:
        raise EnrolmentRefused("Can't add an enrollment to a concluded course.")


def _put(
    user: User, section: Section, role: Role, state: str, limited: bool
) -> tuple[Enrolment, str | None]:
    """The row, new or as it was; only a rejected or deleted one starts over. With the old state."""
    now = timezone.now()
    enrolment, is_new = Enrolment.objects.select_for_update().get_or_create(
        section=section,
        user=user,
        role=role,
        associated_user=None,
        defaults={
            "root_account_id": section.root_account_id,
            "course_id": section.course_id,
            "type": role.base_role,
            "state": state,
            "limited_to_section": limited,
        },
    )
    before = None if is_new else enrolment.state
    if before in (State.REJECTED, State.DELETED):
        Enrolment.objects.filter(pk=enrolment.pk).update(
            state=state, activated_at=None, updated_at=now
        )
        enrolment.state, enrolment.activated_at = state, None
    return enrolment, before


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
        actor, ANSWER_INVITATION, enrolment, [State.INVITED, State.CREATION_PENDING],
        {"state": State.ACTIVE, "activated_at": now},
    )  # fmt: skip


def decline_invitation(*, actor: Actor, enrolment: Enrolment) -> None:
    """The invited person says no. Raises Denied, WrongState."""
    _change(
        actor, ANSWER_INVITATION, enrolment, [State.INVITED, State.CREATION_PENDING],
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
    """Active again; it counts if it did before. Raises what bringing back raises."""
    _return(actor, enrolment, [State.INACTIVE])


def bring_back(*, actor: Actor, enrolment: Enrolment) -> None:
    """Active again after it was suspended or concluded; it counts if it did before.

    Raises Denied also when its role gives what the actor lacks in the course, WrongState.
    """
    _return(actor, enrolment, [State.INACTIVE, State.COMPLETED])


@transaction.atomic
def _return(actor: Actor, enrolment: Enrolment, before: Sequence[str]) -> None:
    rule = UNENROL[enrolment.type]
    hold_rights(actor, enrolment.course.account)
    if not may_give(actor, enrolment.role_id, enrolment.course):
        raise Denied(rule)
    _change(actor, rule, enrolment, before, {"state": State.ACTIVE})


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
