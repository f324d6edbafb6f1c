"""Random tenants for property tests: a tree, roles, overrides, a person with what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st

from accounts.actions import names
from accounts.actor import Actor
from accounts.models import Account, RootAccountSettings, User
from courses.models import Course, Enrolment
from permissions.actions import create_root_account
from permissions.inheritance import Row
from permissions.models import AccountMembership, Override, Role
from tests.cast import make_account, make_course

# How many tenants each property is tried on; CI tries more.
KEYS = [
    "read_roster", "generate_observer_pairing_code", "allow_course_admin_actions",
    "become_user", "read_course_list", "manage_account_settings",
]  # fmt: skip


@contextmanager
def rolled_back() -> Iterator[None]:
    """What happens inside is undone at its end: the next example finds nothing of it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


small = st.integers(0, 7)
overrides = st.lists(
    st.tuples(
        small, st.integers(0, 4), st.sampled_from(KEYS), st.booleans(), st.booleans(),
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
        # Sam, a student: course, state, whether it was ever activated
        "student": st.lists(
            st.tuples(small, st.sampled_from(["active", "invited", "completed"]), st.booleans()),
            max_size=2, unique_by=lambda e: e[0],
        ),
        "self_registration": st.sampled_from(["observer", "none"]),
        # The account that the custom role "Local" belongs to, and where the person holds it
        "local": st.tuples(small, st.one_of(st.none(), small)),
    }
)  # fmt: skip


@dataclass
class World:
    """`actor` is the person whose rights are asked about, `admin` may change everything."""

    actor: Actor
    admin: User
    student: User
    accounts: list[Account]
    courses: list[Course]
    roles: dict[str, Role]
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
    student = User.objects.create(root_account=root, login_id="sam", **names("Sam Student"))
    roles = {r.base_role: r for r in Role.objects.filter(root_account=root)}
    roles["custom"] = Role.objects.create(
        root_account=root, account=root, label="Custom", base_role="AccountMembership"
    )
    belongs = accounts[drawn["local"][0] % len(accounts)]
    roles["local"] = Role.objects.create(
        root_account=root, account=belongs, label="Local", base_role="AccountMembership"
    )
    world = World(Actor(root, person, person), admin, student, accounts, courses, roles)
    _give(drawn, world, roles)
    _enrol_student(drawn, world)
    RootAccountSettings.objects.filter(account=root).update(
        self_registration=drawn["self_registration"]
    )
    return world


def _give(drawn: dict[str, Any], world: World, roles: dict[str, Role]) -> None:
    root, person = world.actor.root_account, world.actor.person
    labels = ("AccountAdmin", "custom", "TeacherEnrollment", "ObserverEnrollment", "local")
    used = [roles[label] for label in labels]
    for account, role, key, enabled, locked, (here, below) in drawn["overrides"]:
        at = world.accounts[account % len(world.accounts)]
        if not at.path.startswith(used[role].account.path):
            continue
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
    held = drawn["local"][1]
    if held is not None:
        at = world.accounts[held % len(world.accounts)]
        if at.path.startswith(roles["local"].account.path):
            AccountMembership.objects.create(
                root_account=root, account=at, user=person, role=roles["local"]
            )
    for course, teaches, state in drawn["enrolments"]:
        at_course = world.courses[course % len(world.courses)]
        role = roles["TeacherEnrollment" if teaches else "ObserverEnrollment"]
        section = at_course.sections.get()
        if not Enrolment.objects.filter(user=person, section=section, role=role).exists():
            Enrolment.objects.create(
                root_account=root, user=person, course=at_course, section=section, role=role,
                type=role.base_role, state=state,
            )  # fmt: skip


def _enrol_student(drawn: dict[str, Any], world: World) -> None:
    role = world.roles["StudentEnrollment"]
    for course, state, counts in drawn["student"]:
        at = world.courses[course % len(world.courses)]
        if not Enrolment.objects.filter(user=world.student, course=at).exists():
            Enrolment.objects.create(
                root_account=world.actor.root_account, user=world.student, course=at,
                section=at.sections.get(), role=role, type=role.base_role, state=state,
                activated_at=timezone.now() if counts else None,
            )  # fmt: skip
