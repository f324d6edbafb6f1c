"""List = check, over random trees: what is listed is what may be done, and what a slow oracle says.

The oracle asks the merge (`permissions.inheritance`, held to the worked cases) for one role, one
account and one permission at a time, with neither the compiled table nor any SQL.

The list and `require` ask the database, `may` asks what is in memory where it can; every rule about
a course or an account is held to say the same both ways.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings

from accounts.actor import Actor
from accounts.models import Account, User
from courses.models import Course, Enrolment
from permissions import table
from permissions.catalogue import permission
from permissions.inheritance import resolve
from permissions.models import AccountMembership
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
from tests.effort import EXAMPLES
from tests.permissions.worlds import KEYS, World, build, rolled_back, worlds

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
@pytest.mark.parametrize("few", [table.FEW, 0])
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=worlds)
def test_what_is_listed_is_what_may_be_done_and_what_the_oracle_says(
    few: int, drawn: dict[str, Any], db: Any
) -> None:
    with rolled_back(), patch.object(table, "FEW", few):
        world = build(drawn)
        for key in KEYS:
            _compare(world, key)
        for rule in RULES.values():
            if rule.model in (Account, Course):
                targets = world.accounts if rule.model is Account else world.courses
                _permitted(world, rule, targets)
                _permitted(acting(world), rule, targets)


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
