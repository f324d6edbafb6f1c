"""A whole run: again, in any order, batch by batch, in a fixed number of statements, in memory."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, User
from audit.models import Event
from courses.models import Course, Enrolment, Section
from permissions.models import AccountMembership
from sis import importing, waiting
from sis.kinds.users import Values
from sis.report import MOST_PROBLEMS
from sis.store import Store
from tests.cast import Cast
from tests.sis.conftest import Take, everything

ROSTER = {
    "accounts": "account_id,parent_account_id,name,status\nwest,,West,active\nart,west,Art,active",
    "courses": "course_id,short_name,long_name,account_id,status,start_date\n"
    "paint,PNT,Painting,art,published,2030-01-07\ndraw,DRW,Drawing,art,active,",
    "sections": "section_id,course_id,name,status\npaint-2,paint,Second,active",
    "users": "user_id,login_id,full_name,email,password,status\n"
    "s1,mei,Mei Lin,mei@x.example,,active\nt1,ana,Ana Vega,,violet-harbour-42,active\n"
    "p1,bo,Bo Lin,,,active",
    "enrollments": "course_id,section_id,user_id,role,status,associated_user_id\n"
    "paint,,t1,teacher,active,\n,paint-2,s1,student,active,\ndraw,,s1,student,completed,\n"
    "paint,paint-2,p1,observer,active,s1",
    "admins": "user_id,account_id,role,status\nt1,west,AccountAdmin,active",
    "user_observers": "observer_id,student_id,status\np1,s1,active",
}


def test_a_second_run_changes_nothing_and_says_so(cast: Cast, take: Take) -> None:
    first = take(**ROSTER)
    before = everything()
    with time_machine.travel("2040-01-01"):
        again = take(**ROSTER)
    assert first.errors == []
    assert everything() == before
    assert (again.total_changes, again.errors, again.unchanged) == (0, [], 14)


def test_the_order_of_the_files_does_not_matter(cast: Cast, take: Take) -> None:
    report = take(**dict(reversed(ROSTER.items())))
    assert report.errors == []
    assert report.total_changes == 14


def test_what_was_imported_is_there(cast: Cast, take: Take) -> None:
    take(**ROSTER)
    there = Enrolment.objects.filter(course__sis_id__in=["paint", "draw"])
    assert set(there.values_list("user__sis_id", "section__name", "type", "state")) == {
        ("t1", "Painting", "TeacherEnrollment", "active"),
        ("s1", "Second", "StudentEnrollment", "active"),
        ("s1", "Drawing", "StudentEnrollment", "completed"),
        ("p1", "Second", "ObserverEnrollment", "active"),
    }


def test_a_run_is_one_event_with_counts_and_no_names(cast: Cast, take: Take) -> None:
    take(**ROSTER)
    told = Event.objects.get(action="sis_imported")
    assert (told.root_account, told.actor, told.real_actor) == (cast.root, None, None)
    assert told.data["changes"]["users"] == {"created": 3, "updated": 0, "deleted": 0}
    assert set(told.data) == {"changes", "unchanged", "error_count", "warning_count"}


def users(count: int) -> str:
    lines = (f"u{n},login{n},Person No {n},active" for n in range(count))
    return "\n".join(["user_id,login_id,full_name,status", *lines])


def students(count: int) -> str:
    lines = (f"paint-2,u{n},student,active" for n in range(count))
    return "\n".join(["section_id,user_id,role,status", *lines])


BATCH = 100


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", BATCH)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1])
def test_a_batchs_boundary_is_nobodys_loss(cast: Cast, take: Take, count: int) -> None:
    take(**ROSTER)
    report = take(u=users(count), e=students(count))
    assert report.changes["enrollments"] == {"created": count}
    assert Enrolment.objects.filter(
        section__sis_id="paint-2", type="StudentEnrollment"
    ).count() == (count + 1)


@pytest.mark.usefixtures("small_batches")
def test_rows_that_wait_for_another_batch_are_taken_later(cast: Cast, take: Take) -> None:
    head, west, _ = ROSTER["accounts"].split("\n")
    waiting = [f"a{n},west,A {n},active" for n in range(2 * BATCH + 1)]
    assert not take(a="\n".join([head, *waiting, west])).errors
    assert Account.objects.get(sis_id="west").children.count() == len(waiting)


def _queries(action: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def test_however_many_rows_wait_all_are_taken(
    cast: Cast, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the first day: parents' places stand before the links that make them possible."""
    monkeypatch.setattr(waiting, "_FEW", 100)
    some = range(30)
    places = "".join(f"paint,p{n},observer,active,s{n}\n" for n in some)
    report = take(
        c=ROSTER["courses"].replace(",art,", ",,"),
        u="user_id,login_id,full_name,status\n"
        + "".join(f"{kind}{n},{kind}{n},P {n},active\n" for n in some for kind in "ps"),
        e="course_id,user_id,role,status,associated_user_id\n" + places,
        o="observer_id,student_id,status\n" + "".join(f"p{n},s{n},active\n" for n in some),
    )
    assert report.errors == []
    assert Enrolment.objects.filter(associated_user__sis_id__startswith="s").count() == 30


@pytest.mark.parametrize("kind", list(ROSTER))
def test_a_batch_takes_as_many_statements_whatever_its_size(
    cast: Cast, take: Take, kind: str
) -> None:
    take(**ROSTER)
    take(u=users(60), s="section_id,course_id,name,status\nfew,paint,Few,active")
    few, many = (
        _queries(lambda size=size, first=first: take(f=_file(kind, first, size)))
        for first, size in ((0, 2), (10, 40))
    )
    assert few == many


def _file(kind: str, first: int, size: int) -> str:
    numbers = range(first, first + size)
    head, line = {
        "accounts": ("account_id,parent_account_id,name,status", "a{0},west,A{0},active"),
        "courses": ("course_id,short_name,long_name,account_id,status",
                    "c{0},C,Course {0},art,active"),
        "sections": ("section_id,course_id,name,status", "x{0},paint,X {0},active"),
        "users": ("user_id,login_id,full_name,status", "v{0},vlogin{0},Person {0},active"),
        "enrollments": ("section_id,user_id,role,status", "few,u{0},student,active"),
        "admins": ("user_id,account_id,role,status", "u{0},art,AccountAdmin,active"),
        "user_observers": ("observer_id,student_id,status", "u{0},s1,active"),
    }[kind]  # fmt: skip
    return "\n".join([head, *(line.format(n) for n in numbers)])


def test_following_takes_as_many_statements_whatever_the_number_of_observers(
    cast: Cast, take: Take
) -> None:
    take(**ROSTER, u=users(90))
    links = itertools.chain(
        (f"u{n},u{n + 50}" for n in range(2)), (f"u{n},u{n + 50}" for n in range(10, 40))
    )
    take(o="\n".join(["observer_id,student_id,status", *(f"{pair},active" for pair in links)]))
    counts = []
    for numbers in (range(50, 52), range(60, 90)):
        rows = [f"paint-2,u{n},student,active" for n in numbers]
        file = "\n".join(["section_id,user_id,role,status", *rows])
        counts.append(_queries(lambda file=file: take(e=file)))
    assert counts[0] == counts[1]
    assert Enrolment.objects.filter(associated_user__isnull=False, state="active").count() == 33


def test_only_so_many_errors_are_kept(cast: Cast, take: Take) -> None:
    report = take(u="user_id,login_id,full_name,status\n" + ",x,X,active\n" * (MOST_PROBLEMS + 5))
    assert len(report.errors) == MOST_PROBLEMS
    assert report.error_count == MOST_PROBLEMS + 5


def test_a_row_that_the_database_refuses_does_not_take_the_others_along(
    cast: Cast, take: Take
) -> None:
    """Logins that only the database's own constraint can tell apart from what was read."""
    take(u=users(3))
    swap = ["u1,login9,One,active", "u2,login1,Two,active", "u1,login2,One,active"]
    report = take(u="\n".join(["user_id,login_id,full_name,status", *swap, "n,new,New,active"]))
    assert User.objects.filter(sis_id="n").exists()
    assert report.errors == []
    assert dict(User.objects.filter(sis_id__in=["u1", "u2"]).values_list("sis_id", "login_id")) == {
        "u1": "login2", "u2": "login1",
    }  # fmt: skip


def test_nothing_of_another_tenant_is_found_or_changed(cast: Cast, take: Take) -> None:
    take(**ROSTER)
    root = Account.objects.get(pk=cast.stranger.root_account_id)
    assert not Account.objects.filter(root_account=root).exclude(pk=root.pk).exists()
    for model in (User, Course, Section, Enrolment, AccountMembership):
        made = model.objects.filter(root_account=root)
        assert made.count() == (1 if model in (User, AccountMembership) else 0)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(cast: Cast, take: Take) -> None:
    """SQLite has no meanwhile: the batch's transaction holds the only writer's place."""
    take(u=users(1))
    store: Store[str, Values] = Store(
        User, Values, keys=("sis_id",), constants={"updated_at": timezone.now()}
    )
    store.read(User.objects.filter(sis_id="u0"))
    old = store.get("u0")
    User.objects.filter(sis_id="u0").update(email="own@x.example")
    store.put("u0", old._replace(email="roster@x.example"))
    can_hold = connection.features.has_select_for_update
    with pytest.raises(IntegrityError) if can_hold else nullcontext():
        store.write()
