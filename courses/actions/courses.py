"""Every write to courses: new ones, what they are called, published, concluded, deleted, restored.

Each queues behind changes of rights and of the account tree, as enrolling does: so nobody gets into
a course that is concluded at the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actions import hold_tree
from accounts.actor import Actor
from accounts.models import Account
from audit.actions import record
from courses.actions.enrolments import Wanted, enrol
from courses.actions.following import tell_of_return
from courses.actions.states import WrongState
from courses.actions.values import SIS_FIELDS, change, save
from courses.models import Course, Enrolment, Section
from courses.rules import (
    ADD_COURSE,
    CONCLUDE_COURSE,
    DELETE_COURSE,
    EDIT_COURSE,
    MANAGE_SIS_OF_COURSE,
    PUBLISH_COURSE,
    RESTORE_COURSE,
)
from permissions.actions.overrides import hold_rights
from permissions.catalogue import BaseRole
from permissions.models import Role
from permissions.policy import Denied, Rule, require
from permissions.rules import CHANGE_ANY_OVERRIDE

State = Course.State
# What becomes of a course: publish_course, conclude_course and their like.
Step = Callable[..., None]


@transaction.atomic
def create_course(
    *,
    actor: Actor,
    account: Account,
    name: str,
    course_code: str = "",
    state: str = State.UNPUBLISHED,
    teaches: bool = False,
    **fields: Any,
) -> Course:
    """A new course with the section that every course has from the start.

    `teaches`: the actor is its teacher from now on. `fields` are dates and SIS ids. Raises Denied,
    ValidationError.
    """
    hold_tree(actor)  # so that the account can't be removed beneath it
    require(actor, ADD_COURSE, account)
    if not Account.objects.live().filter(pk=account.pk).exists():
        raise Denied(ADD_COURSE)
    course = Course(root_account=actor.root_account, account=account, state=state)
    others = {key: value for key, value in fields.items() if key not in SIS_FIELDS}
    change(course, {"name": name, "course_code": course_code or name, **others})
    save(course)
    if sis := {key: fields[key] for key in fields.keys() & SIS_FIELDS}:
        # Before they are looked at: whoever may not give any is not told which are taken.
        require(actor, MANAGE_SIS_OF_COURSE, course)
        change(course, sis)
        save(course, sis)
    section = Section.objects.create(
        root_account=actor.root_account, course=course, name=course.name, is_default=True
    )
    record(actor, "course_created", account=account, course=course.pk, name=course.name)
    if teaches:
        _enrol_as_teacher(actor, section)
    return course


def _enrol_as_teacher(actor: Actor, section: Section) -> None:
    assert actor.person is not None  # whoever is permitted is somebody
    role = Role.objects.get(
        root_account=actor.root_account, state=Role.State.BUILT_IN, base_role=BaseRole.TEACHER
    )
    wanted = Wanted(Enrolment.State.ACTIVE)
    enrol(actor=actor, user=actor.person, section=section, role=role, wanted=wanted)


@transaction.atomic
def update_course(*, actor: Actor, course: Course, fields: dict[str, Any]) -> None:
    """Change names, code, dates, SIS ids and the account (`account`) of a course.

    Moving it needs an Account Admin of both accounts: what roles give in the course, the mover's
    own too, follows from where it is. Raises Denied, ValidationError with every wrong field.
    """
    if "account" in fields:
        hold_tree(actor)
    _require(actor, EDIT_COURSE, course)
    if course.state == State.DELETED:
        raise Denied(EDIT_COURSE)
    if fields.keys() & SIS_FIELDS:
        require(actor, MANAGE_SIS_OF_COURSE, course)
    if "account" in fields:
        _require_move(actor, course, fields["account"])
    old_name = course.name
    before, after = change(course, fields)
    if not after:
        return
    save(course, after)
    if "name" in after:  # the section that nobody named is called like the course
        sections = Section.objects.filter(course=course, is_default=True, name=old_name)
        sections.update(name=course.name, updated_at=timezone.now())
    _record(actor, course, "course_changed", before=before, after=after)


@transaction.atomic
def change_course(
    *, actor: Actor, course: Course, fields: dict[str, Any], step: Step | None = None
) -> None:
    """New values, and one of the steps below, all or nothing. Raises what they raise."""
    if step is restore_course:  # what is deleted takes no values
        restore_course(actor=actor, course=course)
    if fields or step is None:
        update_course(actor=actor, course=course, fields=fields)
    if step is not None and step is not restore_course:
        step(actor=actor, course=course)


def _require_move(actor: Actor, course: Course, account: Account) -> None:
    if account.pk == course.account_id:
        return
    account.refresh_from_db(fields=["path", "state"])
    for place in (course.account, account):
        require(actor, CHANGE_ANY_OVERRIDE, place)
    require(actor, ADD_COURSE, account)
    if account.state != Account.State.ACTIVE:
        raise Denied(EDIT_COURSE)


def _hold(actor: Actor, course: Course) -> None:
    """Wait for one's turn; the course as it is now. What was deleted meanwhile is still read."""
    hold_rights(actor, course.account)
    course.refresh_from_db(fields=["state", "account", "end_at", "name"])


# --- States ---


def publish_course(*, actor: Actor, course: Course) -> None:
    """People find it on their first page; a concluded one goes on. Raises Denied, WrongState."""
    _open(actor, course, State.AVAILABLE)


def unpublish_course(*, actor: Actor, course: Course) -> None:
    """Nobody is shown it on their first page; a concluded one goes on. Raises as publishing."""
    _open(actor, course, State.UNPUBLISHED)


@transaction.atomic
def _open(actor: Actor, course: Course, state: str) -> None:
    """Whoever opens a concluded course also undoes its conclusion."""
    _hold(actor, course)
    require(actor, PUBLISH_COURSE, course)
    if course.state == State.COMPLETED:
        require(actor, CONCLUDE_COURSE, course)
    _change_state(actor, course, [State.UNPUBLISHED, State.AVAILABLE, State.COMPLETED], state)


@transaction.atomic
def conclude_course(*, actor: Actor, course: Course) -> None:
    """It is over: course roles still see it and change nothing. Raises Denied, WrongState."""
    _require(actor, CONCLUDE_COURSE, course)
    _change_state(actor, course, [State.UNPUBLISHED, State.AVAILABLE], State.COMPLETED)


@transaction.atomic
def delete_course(*, actor: Actor, course: Course) -> None:
    """Gone for everyone, with all places in it, until it is restored. Raises Denied, WrongState."""
    _require(actor, DELETE_COURSE, course)
    before = [State.UNPUBLISHED, State.AVAILABLE, State.COMPLETED]
    _change_state(actor, course, before, State.DELETED)


@transaction.atomic
def restore_course(*, actor: Actor, course: Course) -> None:
    """A deleted course is there again, unpublished, with everyone who was in it.

    Raises Denied; WrongState also while its account is deleted.
    """
    hold_tree(actor)
    _require(actor, RESTORE_COURSE, course)
    if not Account.objects.live().filter(pk=course.account_id).exists():
        raise WrongState("The course's account is deleted.")
    _change_state(actor, course, [State.DELETED], State.UNPUBLISHED)
    tell_of_return([course.pk])


def _require(actor: Actor, rule: Rule, course: Course) -> None:
    _hold(actor, course)
    require(actor, rule, course)


def _change_state(actor: Actor, course: Course, before: Collection[str], after: str) -> None:
    """One conditional UPDATE; nothing to do, and nothing recorded, when it is so already."""
    old = course.state
    if old == after:
        return
    this = Course.objects.filter(pk=course.pk, state=old)
    if old not in before or not this.update(state=after, updated_at=timezone.now()):
        raise WrongState(f"The course is not {' or '.join(before)}.")
    course.state = after
    _record(actor, course, "course_changed", before={"state": old}, after={"state": after})


def _record(actor: Actor, course: Course, action: str, **data: Any) -> None:
    record(actor, action, account=course.account, course=course.pk, **data)
