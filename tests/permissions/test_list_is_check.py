"""List = check, over random trees: what is listed is what may be done, and what a slow oracle says.

The oracle asks the merge (`permissions.inheritance`, held to the worked cases) for one role, one
account and one permission at a time, with neither the compiled table nor any SQL.

The list and `require` ask the database, `may` asks what is in memory where it can; every rule about
a course or an account is held to say the same both ways.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actions import names
from accounts.actor import Actor
from accounts.models import Account, User
from courses.models import Course, Enrolment
from permissions.actions import create_root_account
from permissions.catalogue import permission
from permissions.inheritance import Row, resolve
from permissions.models import AccountMembership, Override, Role
from permissions.policy import (
    RULES,
    Denied,
    Rule,
    holds_in_account,
    holds_in_course,
    may,
    permitted,
    require,
    rule,
)
from tests.cast import make_account, make_course

KEYS = [
    "read_roster", "generate_observer_pairing_code", "allow_course_admin_actions",
    "become_user", "read_course_list", "manage_account_settings",
]  # fmt: skip
COURSE_RULES = {
    key: rule(f"test_course_{key}", Course, key).row("held", holds_in_course(key, "pk"))
    for key in KEYS
}
ACCOUNT_RULES = {
    key: rule(f"test_account_{key}", Account, key).row("held", holds_in_account(key))
    for key in KEYS
}
for name in [name for name in RULES if name.startswith("test_")]:
    del RULES[name]

small = st.integers(0, 7)
overrides = st.lists(
    st.tuples(
        small, st.integers(0, 3), st.sampled_from(KEYS), st.booleans(), st.booleans(),
        st.sampled_from([(True, True), (True, False), (False, True)]),
    ),
    max_size=8, unique_by=lambda o: o[:3],
)  # fmt: skip
worlds = st.fixed_dictionaries(
    {
        "parents": st.lists(small, min_size=1, max_size=5),
        "overrides": overrides,
        "memberships": st.lists(st.tuples(small, st.booleans()), max_size=2, unique=True),
        "enrolments": st.lists(
            st.tuples(small, st.booleans(), st.sampled_from(["active", "invited", "completed"])),
            max_size=3, unique_by=lambda e: e[:2],
        ),
        "concluded": st.booleans(),
    }
)  # fmt: skip


@dataclass
class World:
    actor: Actor
    accounts: list[Account]
    courses: list[Course]
    rows: dict[tuple[int, str], dict[int, Row]] = field(default_factory=dict)


def build(drawn: dict[str, Any]) -> World:
    admin = create_root_account(
        name="Random", login_id="admin", password="correct-horse-battery",
        self_registration="observer", domain="random.localhost",
    )  # fmt: skip
    root = Account.objects.select_related("override_version").get(pk=admin.root_account_id)
    accounts = [root]
    for n, parent in enumerate(drawn["parents"]):
        accounts.append(make_account(accounts[parent % len(accounts)], f"Account {n}"))
    past = timezone.now() - timedelta(days=1) if drawn["concluded"] else None
    courses = [make_course(a, f"Course {a.pk}", end_at=past) for a in accounts]
    person = User.objects.create(root_account=root, login_id="person", **names("A Person"))
    world = World(Actor(root, person, person), accounts, courses)
    roles = {r.base_role: r for r in Role.objects.filter(root_account=root)}
    roles["custom"] = Role.objects.create(
        root_account=root, account=root, label="Custom", base_role="AccountMembership"
    )
    _give(drawn, world, roles)
    return world


def _give(drawn: dict[str, Any], world: World, roles: dict[str, Role]) -> None:
    root, person = world.actor.root_account, world.actor.person
    used = [roles[b] for b in ("AccountAdmin", "custom", "TeacherEnrollment", "ObserverEnrollment")]
    for account, role, key, enabled, locked, (here, below) in drawn["overrides"]:
        at = world.accounts[account % len(world.accounts)]
        if Override.objects.filter(account=at, role=used[role], permission=key).exists():
            continue
        Override.objects.create(
            root_account=root, account=at, role=used[role], permission=key, enabled=enabled,
            locked=locked, applies_to_self=here, applies_to_descendants=below,
        )  # fmt: skip
        row = Row(enabled, locked, here, below)
        world.rows.setdefault((used[role].pk, key), {})[at.pk] = row
    for account, custom in drawn["memberships"]:
        AccountMembership.objects.get_or_create(
            root_account=root, account=world.accounts[account % len(world.accounts)],
            user=person, role=roles["custom" if custom else "AccountAdmin"],
        )  # fmt: skip
    for course, teaches, state in drawn["enrolments"]:
        at_course = world.courses[course % len(world.courses)]
        role = roles["TeacherEnrollment" if teaches else "ObserverEnrollment"]
        section = at_course.sections.get()
        if not Enrolment.objects.filter(user=person, section=section, role=role).exists():
            Enrolment.objects.create(
                root_account=root, user=person, course=at_course, section=section, role=role,
                type=role.base_role, state=state,
            )  # fmt: skip


def oracle_account(world: World, key: str, account: Account) -> bool:
    memberships = AccountMembership.objects.filter(user=world.actor.person).select_related("role")
    return any(
        resolve(
            permission(key), m.role.base_role, account.chain_ids,
            world.rows.get((m.role_id, key), {}), m.account_id,
        ).allowed
        for m in memberships
        if m.account_id in account.chain_ids
    )  # fmt: skip


def oracle_course(world: World, key: str, course: Course) -> bool:
    if oracle_account(world, key, course.account):
        return True
    if course.is_concluded and not key.startswith(("read_", "view_")):
        return False
    enrolments = Enrolment.objects.filter(
        user=world.actor.person, course=course, state="active"
    ).select_related("role")
    return any(
        resolve(
            permission(key), e.role.base_role, course.account.chain_ids,
            world.rows.get((e.role_id, key), {}), None,
        ).allowed
        for e in enrolments
    )  # fmt: skip


@pytest.mark.django_db
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=worlds)
def test_what_is_listed_is_what_may_be_done_and_what_the_oracle_says(
    drawn: dict[str, Any], db: Any
) -> None:
    with transaction.atomic():
        world = build(drawn)
        for key in KEYS:
            _compare(world, key)
        for rule in RULES.values():
            if rule.model in (Account, Course):
                targets = world.accounts if rule.model is Account else world.courses
                _permitted(world, rule, targets)
                _permitted(acting(world), rule, targets)
        transaction.set_rollback(True)


def acting(world: World) -> World:
    """The person acting as the root administrator: both are asked."""
    admin = User.objects.get(root_account=world.actor.root_account, login_id="admin")
    return replace(world, actor=world.actor.acting_as(admin))


def _compare(world: World, key: str) -> None:
    accounts = _permitted(world, ACCOUNT_RULES[key], world.accounts)
    assert accounts == {a for a in world.accounts if oracle_account(world, key, a)}, key
    courses = _permitted(world, COURSE_RULES[key], world.courses)
    assert courses == {c for c in world.courses if oracle_course(world, key, c)}, key


def _permitted(world: World, rule: Rule, targets: list[Any]) -> set[Any]:
    """What the list says, after the check and the demand have been asked the same."""
    listed = set(permitted(world.actor, rule))
    assert listed == {t for t in targets if may(world.actor, rule, t)}, rule.name
    assert listed == {t for t in targets if _is_required(world.actor, rule, t)}, rule.name
    return listed


def _is_required(actor: Actor, rule: Rule, target: Any) -> bool:
    try:
        require(actor, rule, target)
    except Denied:
        return False
    return True
