"""What a decision costs in statements, however much there is, and that no answer is stale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db.models import CharField, Value
from django.db.models.functions import Cast as Converted
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.actions import move
from accounts.models import Account, User
from accounts.rules import ACT_AS, SEE_PEOPLE_OF_ACCOUNT
from courses.models import Course, Enrolment
from courses.rules import ENROL, ENTER_COURSE, SEE_COURSE, SEE_COURSE_PEOPLE
from pairing.rules import ISSUE_FOR_ACCOUNT, ISSUE_FOR_COURSE, ISSUE_ON_DETAILS
from permissions.actions import update_overrides
from permissions.models import AccountMembership, Override
from permissions.overrides import OverrideChange
from permissions.policy import RULES, may, permitted
from permissions.rules import REMOVE_ADMINISTRATOR
from permissions.table import bump
from tests.cast import (
    Cast,
    enrol,
    make_account,
    make_account_role,
    make_admin,
    make_course,
    make_user,
)

# Who once was in a course, and may still see that it is there, is not kept in memory; and whether
# self registration is on is always asked.
NOT_IN_MEMORY = (SEE_COURSE, ENTER_COURSE, ISSUE_FOR_COURSE, ISSUE_FOR_ACCOUNT)
ABOUT_A_PLACE = [
    rule for rule in RULES.values() if rule.model in (Account, Course) and rule not in NOT_IN_MEMORY
]
PEOPLE = ("root_admin", "sub_admin", "teacher", "student", "observer")


def crowd(cast: Cast) -> None:
    """More of everything: accounts below, overrides in each, courses, and people in them."""
    keys = ["read_roster", "generate_observer_pairing_code", "allow_course_admin_actions"]
    for n in range(20):
        account = make_account(cast.accounts.science, f"Room {n}")
        for key in keys:
            cast.override("TeacherEnrollment", key, account=account, enabled=n % 3 > 0)
            cast.override("AccountAdmin", key, account=account, enabled=n % 2 > 0)
        course = make_course(account, f"Course {n}")
        enrol(cast, cast.teacher, course, "TeacherEnrollment")
        enrol(cast, make_user(cast.root, f"Student No{n}"), course, "StudentEnrollment")
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    warm(cast)


@pytest.fixture
def crowded(cast: Cast) -> Cast:
    crowd(cast)
    return cast


def warm(cast: Cast) -> None:
    """The table is compiled once per process and change, not once per request."""
    may(cast.actor(cast.root_admin), SEE_COURSE_PEOPLE, cast.courses.biology)


@pytest.mark.parametrize("is_crowded", [False, True])
def test_the_first_decision_takes_two_statements_and_further_ones_none(
    cast: Cast, is_crowded: bool, django_assert_num_queries
) -> None:
    if is_crowded:
        crowd(cast)
    warm(cast)
    courses, accounts = list(Course.objects.all()), list(Account.objects.all())
    for who in PEOPLE:
        with django_assert_num_queries(2, info=who):
            actor = cast.actor(getattr(cast, who))
            may(actor, SEE_COURSE_PEOPLE, cast.courses.biology)
        with django_assert_num_queries(0, info=who):
            for rule in ABOUT_A_PLACE:
                for target in courses if rule.model is Course else accounts:
                    may(actor, rule, target)


def test_acting_as_someone_costs_one_statement_more(
    crowded: Cast, django_assert_num_queries
) -> None:
    with django_assert_num_queries(3):
        actor = crowded.actor(crowded.root_admin, acting_as=crowded.teacher)
        assert may(actor, SEE_COURSE_PEOPLE, crowded.courses.biology)


def test_the_students_whom_one_may_pair_take_three_statements(
    crowded: Cast, django_assert_max_num_queries
) -> None:
    everyone = set(Enrolment.objects.students().values_list("user", flat=True))
    for who in PEOPLE:
        with django_assert_max_num_queries(3, info=who):
            allowed = permitted(crowded.actor(getattr(crowded, who)), ISSUE_ON_DETAILS)
            students = set(allowed.values_list("user", flat=True))
        assert students == everyone if who == "root_admin" else students < everyone, who
        assert len(students) > 10 or who not in ("root_admin", "sub_admin", "teacher"), who


def test_what_a_rule_about_a_place_asks_of_rights_is_known_without_a_query() -> None:
    for rule in ABOUT_A_PLACE:
        asked = [condition for row in rule.rows for condition in row.conditions]
        assert asked, rule.name
        assert [c.sentence for c in asked if c.permission and c.known is None] == [], rule.name


# --- Thousands of accounts: SQLite refuses a filter that names more than a thousand one by one ---

MANY = 1_100


def many_accounts(cast: Cast) -> list[Account]:
    """So many accounts below High, each with a path as if it had been placed."""
    root, high = cast.root, cast.accounts.high
    rooms = [Account(name=f"Room {n}", parent=high, root_account=root) for n in range(MANY)]
    Account.objects.bulk_create(rooms)
    path = Concat(Value(high.path), Converted("pk", CharField()), Value("/"))
    Account.objects.filter(name__startswith="Room ").update(path=path)
    bump(root)
    return list(Account.objects.filter(name__startswith="Room ").order_by("pk"))


def many_admins(cast: Cast) -> None:
    """An Account Admin in every one of many accounts."""
    role = cast.roles["AccountAdmin"]
    AccountMembership.objects.bulk_create(
        AccountMembership(root_account=cast.root, account=account, user=cast.designer, role=role)
        for account in many_accounts(cast)
    )


def test_administrators_of_many_accounts_are_listed(cast: Cast, signed_in) -> None:
    many_admins(cast)

    page = signed_in(cast.root_admin).get(f"/accounts/{cast.root.pk}/admins")

    assert page.status_code == 200
    mine = permitted(cast.actor(cast.root_admin), REMOVE_ADMINISTRATOR)
    assert mine.filter(user=cast.designer).count() == MANY
    assert not permitted(cast.actor(cast.teacher), REMOVE_ADMINISTRATOR).exists()


def test_people_are_seen_by_who_may_act_as_them_beside_many_administrators(
    cast: Cast, signed_in
) -> None:
    many_admins(cast)
    keys = ("become_user", "manage_user_logins", "read_roster")
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Desk", *keys))
    browser = signed_in(cast.ta)

    for user in (cast.student, cast.designer):
        assert browser.get(f"/users/{user.pk}").status_code == 200
        assert may(cast.actor(cast.ta), ACT_AS, user) == (user == cast.student)


@pytest.mark.parametrize(
    ("to_self", "below"), [(True, True), (True, False), (False, True)], ids=str
)
def test_what_a_role_gives_in_many_accounts_is_listed(
    cast: Cast, signed_in, to_self: bool, below: bool
) -> None:
    rooms = many_accounts(cast)
    lab = make_account(rooms[0], "Lab")
    role = make_account_role(cast, "Counsellor", "read_course_list")
    make_admin(cast, cast.observer, cast.root, role)
    Override.objects.bulk_create(
        Override(
            root_account=cast.root, account=account, role=role, permission="read_roster",
            enabled=True, applies_to_self=to_self, applies_to_descendants=below,
        )
        for account in rooms
    )  # fmt: skip
    bump(cast.root)
    for course in (in_room := make_course(rooms[0], "Art"), in_lab := make_course(lab, "Optics")):
        enrol(cast, cast.elsewhere, course, "StudentEnrollment")
    actor = cast.actor(cast.observer)

    there = {*(rooms if to_self else []), *([lab] if below else [])}
    assert set(permitted(actor, SEE_PEOPLE_OF_ACCOUNT)) == there
    assert {one for one in Account.objects.all() if may(actor, SEE_PEOPLE_OF_ACCOUNT, one)} == there
    seen = {*([in_room] if to_self else []), *([in_lab] if below else [])}
    assert set(permitted(actor, SEE_COURSE_PEOPLE)) == seen
    browser = signed_in(cast.observer)
    assert browser.get(f"/users/{cast.elsewhere.pk}").status_code == 200
    assert browser.get(f"/users/{cast.classmate.pk}").status_code == 404


# --- No stale answer: what one request changes, the next one sees ---


def sees(cast: Cast, user: User) -> bool:
    """Asked as every request does, by somebody who has asked before in this process."""
    course = Course.objects.get(pk=cast.courses.biology.pk)
    return may(cast.actor(user), SEE_COURSE_PEOPLE, course)


def take_from_teachers(cast: Cast) -> None:
    update_overrides(
        actor=cast.actor(cast.root_admin),
        account=cast.root,
        role=cast.roles["TeacherEnrollment"],
        changes={"read_roster": OverrideChange(enabled=False)},
    )


def delete_course(cast: Cast) -> None:
    Course.objects.filter(pk=cast.courses.biology.pk).update(state=Course.State.DELETED)


def end_enrolment(cast: Cast) -> None:
    Enrolment.objects.filter(user=cast.teacher).update(state=Enrolment.State.COMPLETED)


def end_membership(cast: Cast) -> None:
    AccountMembership.objects.filter(user=cast.sub_admin).update(
        state=AccountMembership.State.DELETED
    )


def move_course(cast: Cast) -> None:
    Course.objects.filter(pk=cast.courses.biology.pk).update(account=cast.accounts.elementary)


def move_account(cast: Cast) -> None:
    move(cast.actor(cast.root_admin), cast.accounts.science, cast.accounts.elementary)
    bump(cast.root)


def delete_account(cast: Cast) -> None:
    Account.objects.filter(pk=cast.accounts.high.pk).update(state=Account.State.DELETED)


def suspend(cast: Cast) -> None:
    User.objects.filter(pk=cast.sub_admin.pk).update(state=User.State.SUSPENDED)
    cast.sub_admin.refresh_from_db()


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("teacher", take_from_teachers),
        ("teacher", delete_course),
        ("teacher", end_enrolment),
        ("sub_admin", end_membership),
        ("sub_admin", move_course),
        ("sub_admin", move_account),
        ("sub_admin", delete_account),
        ("sub_admin", suspend),
    ],
)
def test_a_change_is_seen_by_the_next_request(
    cast: Cast, who: str, change: Callable[[Cast], None]
) -> None:
    assert sees(cast, getattr(cast, who))

    change(cast)

    assert not sees(cast, getattr(cast, who))


def test_an_override_that_is_written_and_taken_back_is_seen_each_time(cast: Cast) -> None:
    for _ in range(2):
        cast.override("TeacherEnrollment", "read_roster", enabled=False)
        assert not sees(cast, cast.teacher)
        Override.objects.all().delete()
        bump(cast.root)
        assert sees(cast, cast.teacher)


def test_a_course_ends_by_the_clock_without_any_change(cast: Cast) -> None:
    enrolling, course = ENROL[Enrolment.Type.STUDENT], cast.courses.biology
    Course.objects.filter(pk=course.pk).update(end_at=timezone.now() + timedelta(hours=1))
    assert may(cast.actor(cast.teacher), enrolling, course)

    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert not may(cast.actor(cast.teacher), enrolling, course)


def test_an_account_made_after_the_table_is_known(cast: Cast) -> None:
    actor = cast.actor(cast.sub_admin)
    assert may(actor, SEE_PEOPLE_OF_ACCOUNT, cast.accounts.high)
    course = make_course(make_account(cast.accounts.science, "Lab"), "Optics")

    assert may(actor, SEE_COURSE_PEOPLE, Course.objects.get(pk=course.pk))
