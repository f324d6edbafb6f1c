"""A large school district for measuring decisions, in the database and as plain rows beside it.

The plain rows are what the oracle asks: one role, one account and one permission at a time, of the
merge alone (`permissions.inheritance`, which the worked cases hold), without SQL or compiled table.

To be imported after `django.setup()`.
"""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, Model, UUIDField
from django.utils import timezone

from accounts.actions import names, place
from accounts.models import Account, User
from courses.models import Course, Enrolment, Section
from pairing.rules import COURSE_ADMINISTRATION, GENERATE
from permissions.actions.tenants import create_root_account
from permissions.catalogue import PERMISSIONS, BaseRole
from permissions.inheritance import Row, resolve
from permissions.models import AccountMembership, Override, Role
from permissions.table import bump

LEVELS = (1, 4, 16, 80, 300)  # 401 accounts
COURSES = 1000
STUDENTS, STAFF, ADMINISTRATORS = 29_000, 940, 60  # 30,000 people, the root administrator included
COURSES_PER_STUDENT = 2
STAFF_PER_COURSE = (BaseRole.TEACHER, BaseRole.TEACHER, BaseRole.TA, BaseRole.DESIGNER)
# Pairing in a course takes these two; a tenant's overrides are about others as well.
PAIRING = (GENERATE, COURSE_ADMINISTRATION)
OVERRIDDEN = (*PAIRING, *[key for key, one in PERMISSIONS.items() if one.enforced][:10])
REACHES = [(True, True), (True, False), (False, True)]


def insert(template: Model, rows: Iterable[dict[str, Any]]) -> None:
    """Copies of an unsaved object in which each row's columns differ, past the ORM."""
    rows = list(rows)
    fields = [f for f in template._meta.concrete_fields if not f.primary_key or "id" in rows[0]]
    columns = {f.column: _stored(f, f.pre_save(template, True)) for f in fields}
    place = {column: n for n, column in enumerate(columns)}
    unique = [(place[f.column], f) for f in fields if isinstance(f, UUIDField)]

    def values(row: dict[str, Any]) -> list[Any]:
        made = [*columns.values()]
        for n, field in unique:
            made[n] = _stored(field, uuid.uuid4())
        for column, value in row.items():
            made[place[column]] = value
        return made

    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {template._meta.db_table} ({', '.join(columns)}) VALUES ({marks})",
            [values(row) for row in rows],
        )


def _stored(field: Field[Any, Any], value: Any) -> Any:
    return field.get_db_prep_save(value, connection)


class District:
    """Made on construction, the same for the same two factors."""

    pairing = PAIRING

    @transaction.atomic
    def __init__(self, users: int, overrides: int) -> None:
        self._random = random.Random(2026)
        admin = create_root_account(
            name="Bench", login_id="bench", password=uuid.uuid4().hex, self_registration="observer",
            domain=None,
        )  # fmt: skip
        self.root = Account.objects.get(pk=admin.root_account_id)
        self.root_admin = admin.pk
        self.roles = {r.base_role: r.pk for r in Role.objects.filter(root_account=self.root)}
        self.base_roles = {pk: base for base, pk in self.roles.items()}
        self.accounts = self._make_accounts()
        self.courses = self._make_courses()
        self.rows: dict[tuple[int, str], dict[int, Row]] = defaultdict(dict)
        self._given: dict[tuple[Any, ...], bool] = {}
        self._make_overrides(300 * overrides)
        people = self._make_people((STUDENTS + STAFF + ADMINISTRATORS - 1) * users)
        self.students = people[: STUDENTS * users]
        self.staff = people[STUDENTS * users : (STUDENTS + STAFF) * users]
        self.administrators = [self.root_admin, *people[(STUDENTS + STAFF) * users :]]
        self.memberships = self._make_memberships()
        self.enrolments = self._make_enrolments(users)
        bump(self.root)

    def _make_accounts(self) -> dict[int, tuple[int, ...]]:
        """The chain of every account."""
        above, made = [self.root], [self.root]
        for size in LEVELS[1:]:
            level = []
            for n in range(size):
                parent = above[n % len(above)]
                account = Account.objects.create(
                    name=f"Account {len(made) + n}", parent=parent, root_account=self.root
                )
                place(account, parent)
                level.append(account)
            made += level
            above = level
        return {account.pk: tuple(account.chain_ids) for account in made}

    def _make_courses(self) -> dict[int, int]:
        """The account of every course, which is its id and its only section's, too."""
        accounts = [*self.accounts]
        courses = {n: self._random.choice(accounts[21:]) for n in range(1, COURSES + 1)}
        insert(
            Course(root_account=self.root, state=Course.State.AVAILABLE),
            [
                {"id": pk, "account_id": account_id, "name": f"Course {pk}"}
                for pk, account_id in courses.items()
            ],
        )
        insert(
            Section(root_account=self.root, is_default=True),
            [{"id": pk, "course_id": pk} for pk in courses],
        )
        return courses

    def _make_overrides(self, number: int) -> None:
        teacher, accounts = self.roles[BaseRole.TEACHER], [*self.accounts][1:]
        drawn = {(teacher, GENERATE, self.root.pk): Row(True, False, True, True)}
        while len(drawn) < number:
            asked = (
                self._random.choice([*self.base_roles]),
                self._random.choice(OVERRIDDEN),
                self._random.choice(accounts),
            )
            drawn[asked] = Row(
                self._random.random() < 0.6,
                self._random.random() < 0.1,
                *self._random.choice(REACHES),
            )
        for (role_id, key, account_id), row in drawn.items():
            self.override(role_id, key, account_id, row)

    def override(self, role_id: int, key: str, account_id: int, row: Row) -> None:
        """Write one, in place of any other."""
        values = {name: getattr(row, name) for name in Row.__slots__}
        Override.objects.update_or_create(
            values | {"root_account": self.root},
            account_id=account_id,
            role_id=role_id,
            permission=key,
        )
        self.rows[role_id, key][account_id] = row
        self._given.clear()

    def _make_people(self, number: int) -> list[int]:
        template = User(root_account=self.root, password="!", **names("No Body"))
        first = self.root_admin + 1
        insert(
            template,
            [
                {"id": pk, "login_id": f"p{pk}", "login_key": f"p{pk}"}
                for pk in range(first, first + number)
            ],
        )
        return [*range(first, first + number)]

    def _make_memberships(self) -> dict[int, list[tuple[int, int]]]:
        """Role and account by person; the root administrator's is there."""
        role_id = self.roles[BaseRole.ACCOUNT_ADMIN]
        made = {pk: self._random.choice([*self.accounts][1:]) for pk in self.administrators[1:]}
        AccountMembership.objects.bulk_create(
            AccountMembership(
                root_account=self.root, user_id=pk, account_id=account_id, role_id=role_id
            )
            for pk, account_id in made.items()
        )
        made[self.root_admin] = self.root.pk
        return {pk: [(role_id, account_id)] for pk, account_id in made.items()}

    def _make_enrolments(self, users: int) -> dict[int, list[tuple[int, int]]]:
        """Role and course by person."""
        made: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for pk in self.students:
            for course_id in self._random.sample(range(1, COURSES + 1), COURSES_PER_STUDENT):
                made[pk].append((self.roles[BaseRole.STUDENT], course_id))
        for course_id in self.courses:
            there = self._random.sample(self.staff, len(STAFF_PER_COURSE) * users)
            for n, pk in enumerate(there):
                role = STAFF_PER_COURSE[n % len(STAFF_PER_COURSE)]
                made[pk].append((self.roles[role], course_id))
        insert(
            Enrolment(
                root_account=self.root, state=Enrolment.State.ACTIVE, activated_at=timezone.now()
            ),
            [
                {
                    "user_id": pk, "course_id": course_id, "section_id": course_id,
                    "role_id": role_id, "type": self.base_roles[role_id],
                }
                for pk, all_of_theirs in made.items()
                for role_id, course_id in all_of_theirs
            ],
        )  # fmt: skip
        return made

    # --- The oracle ---

    def gives(self, role_id: int, key: str, account_id: int, held_at: int | None) -> bool:
        """Whether the role, held in an account or (None) in a course, gives the key there."""
        asked = (role_id, key, account_id, held_at)
        if asked not in self._given:
            self._given[asked] = resolve(
                PERMISSIONS[key], self.base_roles[role_id], self.accounts[account_id],
                self.rows[role_id, key], held_at,
            ).allowed  # fmt: skip
        return self._given[asked]

    def holds(self, user_id: int, key: str, course_id: int) -> bool:
        account_id = self.courses[course_id]
        return any(
            self.gives(role_id, key, account_id, held_at)
            for role_id, held_at in self.memberships.get(user_id, ())
            if held_at in self.accounts[account_id]
        ) or any(
            self.gives(role_id, key, account_id, None)
            for role_id, enrolled_in in self.enrolments.get(user_id, ())
            if enrolled_in == course_id
        )

    def may_pair(self, user_id: int, course_id: int) -> bool:
        """Whether the person may make pairing codes for the course's students."""
        return all(self.holds(user_id, key, course_id) for key in PAIRING)

    def may_be_paired(self, user_id: int) -> set[int]:
        """The students whom the person may pair."""
        found: set[int] = set()
        for course_id in self.courses:
            if self.may_pair(user_id, course_id):
                found |= self._students_of[course_id]
        return found

    @cached_property
    def _students_of(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for pk in self.students:
            for _, course_id in self.enrolments[pk]:
                found[course_id].add(pk)
        return found
