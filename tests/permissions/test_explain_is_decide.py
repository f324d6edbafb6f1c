"""Explain = decide, over random trees, roles, overrides, memberships and enrolments.

What is explained is what the engine decides; making the change that is proposed makes the answer
yes; undoing any condition that is listed as met makes it no. The engine, the Roles API, the grid's
cells and the explanation give one answer about roles.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.actions import names
from accounts.actor import Actor
from accounts.models import Account, RootAccountSettings, User
from accounts.rules import ACT_AS, SEE_PERSON
from courses.models import Course, Enrolment
from courses.rules import COUNTS, IS_STUDENT, SEE_DETAILS
from pairing.rules import ISSUE_ON_DETAILS, ISSUE_ON_SETTINGS, ISSUE_OVER_REST, SELF_REGISTRATION_ON
from permissions.actions import update_overrides
from permissions.catalogue import permission
from permissions.explaining.changes import (
    Activate,
    Change,
    ChangeSetting,
    Enrol,
    GiveRole,
    Reopen,
    SwitchOn,
)
from permissions.explaining.explain import (
    Answer,
    Explanation,
    Question,
    Way,
    about_permission,
    explain,
)
from permissions.grid import Shown, Value, shown
from permissions.inheritance import Decision
from permissions.models import AccountMembership, Role
from permissions.overrides import OverrideChange
from permissions.policy import may
from permissions.serializers import role_json
from permissions.table import bump, newest_table
from tests.effort import EXAMPLES
from tests.permissions.worlds import KEYS, World, build, rolled_back, worlds

quietly = settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking whole tenants takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
asked = st.lists(st.integers(0, 10_000), min_size=4, max_size=4, unique=True)


def root_of(world: World) -> Account:
    """As a request would read it now."""
    roots = Account.objects.select_related("settings", "override_version")
    return roots.get(pk=world.actor.root_account.pk)


def explained(world: World, question: Question) -> Explanation:
    return explain(Actor(root_of(world), is_operator=True), question)


def decided(world: World, question: Question) -> bool:
    """What the engine says, asked anew."""
    actor = Actor(root_of(world), question.person, question.person)
    if question.acting_as is None:
        return may(actor, question.rule, question.target)
    if not may(actor, ACT_AS, question.acting_as):
        return False
    return may(actor.acting_as(question.acting_as), question.rule, question.target)


def chosen(world: World, numbers: list[int]) -> list[Question]:
    """Some about permissions, some about actions."""
    about = [list(_about_permissions(world)), list(_about_actions(world))]
    return [about[n % 2][n // 2 % len(about[n % 2])] for n in numbers]


def _about_permissions(world: World) -> Iterator[Question]:
    for place in [*world.accounts, *world.courses]:
        for key in KEYS:
            yield about_permission(world.actor.person, key, place)


def _about_actions(world: World) -> Iterator[Question]:
    person, student = world.actor.person, world.student
    for enrolment in Enrolment.objects.filter(user=student).select_related("course__account"):
        yield Question(person, ISSUE_ON_DETAILS, enrolment)
        yield Question(person, SEE_DETAILS, enrolment)
    yield Question(person, ISSUE_ON_SETTINGS, student, acting_as=student)
    yield Question(student, ISSUE_ON_SETTINGS, student)
    yield Question(person, ISSUE_OVER_REST, student)
    yield Question(person, SEE_PERSON, student)
    yield Question(person, ACT_AS, student)


@pytest.mark.django_db
@quietly
@given(drawn=worlds, numbers=asked)
def test_what_is_explained_is_what_is_decided(
    drawn: dict[str, Any], numbers: list[int], db: Any
) -> None:
    with rolled_back():
        world = build(drawn)
        for question in chosen(world, numbers):
            found = explained(world, question)
            assert found.allowed is decided(world, question), question
            for answer in _answers(found.ways):
                _roles_tell_the_same(answer)


def _answers(ways: list[Way]) -> Iterator[Answer]:
    for way in ways:
        for answer in way.answers:
            yield answer
            yield from _answers(answer.ways)


def _roles_tell_the_same(answer: Answer) -> None:
    """The condition is the engine's SQL; the roles behind it come from grants and merge."""
    if answer.condition.need is not None:
        people = {held.person for held in answer.held}
        by_roles = all(
            any(held.is_held for held in answer.held if held.person == person) for person in people
        )
        assert answer.is_met is (bool(people) and by_roles), answer
    if answer.condition.through is not None:
        assert answer.is_met is any(way.is_met for way in answer.ways), answer


# --- What would have to change ---


@pytest.mark.django_db
@quietly
@given(drawn=worlds, numbers=asked)
def test_making_what_is_proposed_makes_the_answer_yes(
    drawn: dict[str, Any], numbers: list[int], db: Any
) -> None:
    with rolled_back():
        world = build(drawn)
        for question in chosen(world, numbers):
            found = explained(world, question)
            assert not (found.allowed and found.proposals)
            # There is always something for one permission: at worst a role, and switching it on.
            assert found.allowed or found.proposals or not question.permission, question
            for proposal in found.proposals:
                _try(world, question, proposal)


def _try(world: World, question: Question, proposal: tuple[Change, ...]) -> None:
    with rolled_back():
        for change in proposal:
            make(world, change)
        assert decided(world, question), (question, [c.sentence for c in proposal])
        assert explained(world, question).allowed


def make(world: World, change: Change) -> None:
    """As an administrator of the root account would."""
    match change:
        case SwitchOn():
            on = OverrideChange(enabled=True, applies_to_self=True, applies_to_descendants=True)
            update_overrides(
                actor=Actor(root_of(world), world.admin, world.admin),
                account=Account.objects.get(pk=change.account.pk),
                role=change.role,
                changes={change.permission: on},
            )
        case GiveRole():
            AccountMembership.objects.create(
                root_account=root_of(world), user=change.user, account=change.account,
                role=change.role,
            )  # fmt: skip
        case Enrol():
            Enrolment.objects.create(
                root_account=root_of(world), user=change.user, course=change.course,
                section=change.course.sections.get(), role=change.role,
                type=change.role.base_role, state="active", activated_at=timezone.now(),
            )  # fmt: skip
        case Activate():
            Enrolment.objects.filter(pk=change.enrolment.pk).update(
                state="active", activated_at=timezone.now()
            )
        case Reopen():
            Course.objects.filter(pk=change.course.pk).update(state="available", end_at=None)
        case ChangeSetting():
            _set(world, **{change.name: change.value})


def _set(world: World, **values: Any) -> None:
    RootAccountSettings.objects.filter(account=world.actor.root_account).update(**values)
    bump(world.actor.root_account)


# --- Undoing what is met ---

# Facts about who asks and who is asked about, which nobody changes.
UNDONE_BY = {
    COUNTS: lambda world, target: Enrolment.objects.filter(pk=target.pk).update(activated_at=None),
    IS_STUDENT: lambda world, target: Enrolment.objects.filter(user=target).update(
        state="rejected"
    ),
    SELF_REGISTRATION_ON: lambda world, target: _set(world, self_registration="none"),
}


@pytest.mark.django_db
@quietly
@given(drawn=worlds, numbers=asked, nth=st.integers(0, 5))
def test_undoing_any_condition_that_is_met_makes_the_answer_no(
    drawn: dict[str, Any], numbers: list[int], nth: int, db: Any
) -> None:
    with rolled_back():
        world = build(drawn)
        for question in chosen(world, numbers):
            found = explained(world, question)
            if found.allowed:
                _undo_and_ask(world, question, found, nth)


def _undo_and_ask(world: World, question: Question, found: Explanation, nth: int) -> None:
    met = [way for way in found.ways if way.is_met]
    if not all(_undoable(way) for way in met):
        return
    with rolled_back():
        for way in met:
            _undo(world, way, nth)
        assert not decided(world, question), question
        assert not explained(world, question).allowed


def _undoable(way: Way) -> list[Answer]:
    return [
        answer
        for answer in way.answers
        if answer.condition in UNDONE_BY or answer.condition.need or answer.condition.through
    ]


def _undo(world: World, way: Way, nth: int) -> None:
    """One of the way's conditions: the n-th, round and round."""
    chosen = _undoable(way)
    answer = chosen[nth % len(chosen)]
    if answer.condition in UNDONE_BY:
        UNDONE_BY[answer.condition](world, way.target)
    elif answer.condition.through is not None:
        for below in answer.ways:
            if below.is_met:
                _undo(world, below, nth)
    for held in answer.held:
        for role in held.roles:
            if role.gives:
                _take_away(held.person, role.role, role.holding.course_id, role.holding.held_at)


def _take_away(person: User, role: Role, course_id: int | None, account_id: int) -> None:
    if course_id is not None:
        there = Enrolment.objects.filter(user=person, role=role, course=course_id)
        there.update(state="inactive")
    else:
        there = AccountMembership.objects.filter(user=person, role=role, account=account_id)
        there.update(state="deleted")


# --- Roles: engine, Roles API, grid, explanation ---


@pytest.mark.django_db
@quietly
@given(drawn=worlds, numbers=asked)
def test_roles_api_cells_engine_and_explanation_agree_about_roles(
    drawn: dict[str, Any], numbers: list[int], db: Any
) -> None:
    with rolled_back():
        world = build(drawn)
        root = root_of(world)
        Course.objects.update(end_at=None)
        for number in numbers:
            at = number // 4 % len(world.accounts)
            role = world.roles[ROLES[number % len(ROLES)]]
            if world.accounts[at].path.startswith(role.account.path):
                _compare_role(world, root, world.accounts[at], world.courses[at], role)


ROLES = ("custom", "AccountAdmin", "TeacherEnrollment", "local")


def _compare_role(
    world: World, root: Account, account: Account, course: Course, role: Role
) -> None:
    """A person who holds just this role, right there."""
    with rolled_back():
        probe = User.objects.create(root_account=root, login_id="probe", **names("Pro Be"))
        place: Account | Course = account
        if role.is_account_role:
            AccountMembership.objects.create(
                root_account=root, account=account, user=probe, role=role
            )
        else:
            place = Course.objects.select_related("account").get(pk=course.pk)
            make(world, Enrol(probe, role, place))
        table = newest_table(root)
        wire = role_json(role, account, table)["permissions"]
        for key in KEYS:
            question = about_permission(probe, key, place)
            found = explained(world, question)
            [way] = found.ways
            [held] = way.answers[0].held
            decision = held.roles[0].holding.decision
            cell = table.cell(role.pk, key, account.path)
            assert found.allowed is decided(world, question) is _is_on(cell)
            _compare_grid(shown(permission(key), role.base_role, tuple(account.chain_ids),
                                table.rows(role.pk, key)), decision)  # fmt: skip
            assert cell.enabled is bool(decision.reach)
            assert cell.explicit is (decision.decided_by == account.pk)
            assert cell.locked is (not decision.changeable or decision.locked_by is not None)
            if key in wire:
                _compare_wire(wire[key], cell)
            else:  # root-level, below the root: not listed there, and off
                assert not found.allowed


def _compare_grid(state: Shown, decision: Decision[int]) -> None:
    """What the page draws, beside what is explained: the value here, who decided, who locked."""
    on_here = state.value in (Value.ON, Value.HERE)
    assert on_here is decision.allowed
    if state.value is not Value.NEVER:
        assert state.decided_by == decision.decided_by
        assert state.locked_by == decision.locked_by
        assert state.is_set is (decision.decided_by == decision.account)


def _is_on(cell: Any) -> bool:
    """Spec "Overrides" 5, from what is shown: its own row applies to self, others' to below."""
    return cell.enabled and (cell.applies_to_self if cell.explicit else cell.applies_to_descendants)


def _compare_wire(entry: dict[str, Any], cell: Any) -> None:
    shown = {name: getattr(cell, name) for name in ("enabled", "locked", "readonly", "explicit")}
    if cell.enabled:
        shown["applies_to_self"] = cell.applies_to_self
        shown["applies_to_descendants"] = cell.applies_to_descendants
    if cell.explicit:
        shown["prior_default"] = cell.prior_default
    assert {name: value for name, value in entry.items() if name != "group"} == shown
