"""The courses of an account: who sees the list, search, filter, order, pages; adding one."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from courses.actions import create_course
from courses.models import Course, Enrolment
from permissions.policy import Denied
from tests.cast import Cast, enrol, make_account, make_account_role, make_admin, make_course

NEW = {"name": "Physics", "course_code": "PHY 1", "state": "available"}


def _text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def _page(account: Any) -> str:
    return f"/accounts/{account.pk}/courses"


def _names(response: Any) -> list[str]:
    return re.findall(r'<th scope="row" class="wrap">(?:<a[^>]*>)?([^<]+)<', _text(response))


def _clerk(cast: Cast, signed_in: Any, *keys: str) -> Any:
    """A client of someone who holds just these keys in High."""
    make_admin(cast, cast.observer, cast.accounts.high, make_account_role(cast, "Clerk", *keys))
    return signed_in(cast.observer)


@pytest.fixture
def admin(cast: Cast, signed_in: Any) -> Any:
    return signed_in(cast.root_admin)


def test_it_lists_what_is_there_and_below(cast: Cast, admin: Any):
    assert _names(admin.get(_page(cast.root))) == ["Biology", "Chemistry", "History", "Reading"]
    assert _names(admin.get(_page(cast.accounts.high))) == ["Biology", "Chemistry", "History"]
    assert _names(admin.get(_page(cast.accounts.elementary))) == ["Reading"]


def test_the_permission_opens_it_and_shows_it_in_the_rail(cast: Cast, signed_in: Any):
    client = _clerk(cast, signed_in, "read_course_list")
    assert client.get(_page(cast.accounts.high)).status_code == 200
    overview = _text(client.get(f"/accounts/{cast.accounts.high.pk}"))
    assert f'href="{_page(cast.accounts.high)}"' in overview


def test_without_it_there_is_neither_list_nor_link(cast: Cast, signed_in: Any):
    client = _clerk(cast, signed_in, "read_roster")
    assert client.get(_page(cast.accounts.high)).status_code == 403
    overview = _text(client.get(f"/accounts/{cast.accounts.high.pk}"))
    assert _page(cast.accounts.high) not in overview


def test_a_course_is_a_link_only_for_who_may_see_its_people(cast: Cast, signed_in: Any):
    client = _clerk(cast, signed_in, "read_course_list")
    people = f'href="/courses/{cast.courses.biology.pk}/users"'
    assert people not in _text(client.get(_page(cast.accounts.high)))
    assert people in _text(signed_in(cast.sub_admin).get(_page(cast.accounts.high)))


def test_removed_courses_and_those_of_others_are_not_listed(cast: Cast, admin: Any):
    Course.objects.filter(pk=cast.courses.history.pk).update(state="deleted")
    assert "History" not in _names(admin.get(_page(cast.root)))
    assert admin.get(_page(cast.stranger.root_account)).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "chem"}, ["Chemistry"]),
        ({"q": "HIS"}, ["History", "World History"]),
        ({"q": "wor hist"}, ["World History"]),
        ({"q": "orld"}, ["World History"]),
        ({"q": "crs-1"}, ["Biology"]),
        ({"q": "rs-1"}, []),
        ({"q": "%"}, []),
        ({"show": "unpublished"}, ["World History"]),
        ({"show": "concluded"}, ["Chemistry", "Reading"]),
        ({"show": "published"}, ["Biology", "History"]),
        ({"show": "nonsense"}, ["Biology", "Chemistry", "History", "Reading", "World History"]),
    ],
)
def test_search_and_filter(cast: Cast, admin: Any, query: dict[str, str], found: list[str]):
    make_course(cast.root, "World History", state="unpublished")
    Course.objects.filter(pk=cast.courses.biology.pk).update(sis_id="crs-1")
    Course.objects.filter(pk=cast.courses.chemistry.pk).update(state="completed")
    Course.objects.filter(pk=cast.courses.reading.pk).update(
        end_at=timezone.now() - timezone.timedelta(days=1)
    )
    assert _names(admin.get(_page(cast.root), query)) == found


def test_sis_ids_are_shown_and_searched_with_their_permission_only(cast: Cast, signed_in: Any):
    Course.objects.filter(pk=cast.courses.biology.pk).update(sis_id="crs-1")
    client = _clerk(cast, signed_in, "read_course_list")
    assert "crs-1" not in _text(client.get(_page(cast.accounts.high)))
    assert _names(client.get(_page(cast.accounts.high), {"q": "crs-1"})) == []


def test_it_is_sorted_by_name_code_and_account_both_ways(cast: Cast, admin: Any):
    make_course(cast.root, "art")
    by_name = ["art", "Biology", "Chemistry", "History", "Reading"]
    assert _names(admin.get(_page(cast.root))) == by_name
    assert _names(admin.get(_page(cast.root), {"sort": "-name"})) == by_name[::-1]
    assert _names(admin.get(_page(cast.root), {"sort": "account"}))[0] == "Reading"
    assert _names(admin.get(_page(cast.root), {"sort": "-code"}))[0] == "Reading"
    assert _names(admin.get(_page(cast.root), {"sort": "uuid"})) == by_name


def test_each_student_is_counted_once(cast: Cast, admin: Any):
    enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "rejected")
    row = _text(admin.get(_page(cast.root), {"q": "biology"})).split("<tbody>")[1]
    assert 'class="number">2</td>' in row


def test_an_account_without_courses_says_what_to_do(cast: Cast, admin: Any, signed_in: Any):
    empty = make_account(cast.accounts.high, "Empty")
    page = _text(admin.get(_page(empty)))
    assert "No course is in this account yet." in page
    assert page.count(f'href="{_page(empty)}/new"') == 2
    page = _text(_clerk(cast, signed_in, "read_course_list").get(_page(empty)))
    assert f"{_page(empty)}/new" not in page


def test_a_search_without_result_says_so(cast: Cast, admin: Any):
    assert "No course here fits this search." in _text(admin.get(_page(cast.root), {"q": "zzz"}))


def test_many_courses_come_in_pages_with_few_statements(
    cast: Cast, signed_in: Any, django_assert_max_num_queries: Any
):
    for n in range(60):
        make_course(cast.accounts.science, f"Zoology {n:02}")
    client = signed_in(cast.sub_admin)
    client.get(_page(cast.accounts.high))
    with django_assert_max_num_queries(11):
        page = _text(client.get(_page(cast.accounts.high), {"q": "o", "sort": "-account"}))
    assert "1–50 of 62" in page
    last = _names(client.get(_page(cast.accounts.high), {"page": "2", "sort": "-name"}))
    assert last == [
        *(f"Zoology {n:02}" for n in range(9, -1, -1)),
        "History",
        "Chemistry",
        "Biology",
    ]


def test_students_of_the_page_alone_are_counted(cast: Cast, admin: Any):
    for n in range(60):
        make_course(cast.accounts.science, f"Zoology {n:02}")
    with CaptureQueriesContext(connection) as asked:
        admin.get(_page(cast.root), {"page": "2"})
    [counting] = [one["sql"] for one in asked if "COUNT(DISTINCT" in one["sql"]]
    # What is skipped is skipped where the ids are chosen, not after counting.
    assert re.search(r"IN \(SELECT [^()]*\(?.*LIMIT 14 OFFSET 50\)", counting)


# --- Adding one ---


def test_a_course_is_added_with_its_section_and_leads_to_its_people(cast: Cast, admin: Any):
    response = admin.post(f"{_page(cast.accounts.high)}/new", NEW)
    course = Course.objects.get(name="Physics")
    assert response.headers["Location"] == f"/courses/{course.pk}/users"
    assert (course.account, course.course_code, course.state) == (
        cast.accounts.high,
        "PHY 1",
        "available",
    )
    [section] = course.sections.all()
    assert (section.name, section.is_default) == ("Physics", True)
    event = Event.objects.get(action="course_created")
    assert (event.real_actor, event.account, event.data["course"]) == (
        cast.root_admin,
        cast.accounts.high,
        course.pk,
    )
    # Whoever is put into it is a student from then on.
    enrol(cast, cast.elsewhere, course, "StudentEnrollment")
    assert Enrolment.objects.students().filter(course=course).exists()


def test_without_a_code_it_is_the_name(cast: Cast, admin: Any):
    admin.post(f"{_page(cast.root)}/new", NEW | {"course_code": " ", "state": "unpublished"})
    course = Course.objects.get(name="Physics")
    assert (course.course_code, course.state) == ("Physics", "unpublished")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "A course needs a name."),
        ({"name": "x" * 256}, "at most 255 characters"),
        ({"state": "deleted"}, "Select a valid choice"),
        ({"name": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    cast: Cast, admin: Any, changes: dict[str, str], words: str
):
    response = admin.post(f"{_page(cast.root)}/new", NEW | changes)
    assert response.status_code == 422
    assert words in _text(response)
    assert 'value="PHY 1"' in _text(response)
    assert Course.objects.filter(root_account=cast.root).count() == 4


def test_who_may_only_add_finds_the_way_and_comes_back(cast: Cast, signed_in: Any):
    client, high = _clerk(cast, signed_in, "manage_courses_add"), cast.accounts.high
    assert client.get(_page(high)).status_code == 403
    assert f'href="{_page(high)}/new"' in _text(client.get(f"/accounts/{high.pk}"))
    response = client.post(f"{_page(high)}/new", NEW)
    assert response.headers["Location"] == f"/accounts/{high.pk}"


def test_who_may_only_list_does_not_add(cast: Cast, signed_in: Any):
    client = _clerk(cast, signed_in, "read_course_list")
    assert f"{_page(cast.accounts.high)}/new" not in _text(client.get(_page(cast.accounts.high)))
    assert client.post(f"{_page(cast.accounts.high)}/new", NEW).status_code == 403


def test_no_course_is_added_to_an_account_that_is_gone(cast: Cast):
    gone = make_account(cast.root, "Gone")
    type(gone).objects.filter(pk=gone.pk).update(state="deleted")
    with pytest.raises(Denied):
        create_course(actor=cast.actor(cast.root_admin), account=gone, name="X", state="available")


def test_an_administrator_without_courses_is_led_to_the_accounts(cast: Cast, admin: Any):
    page = _text(admin.get("/courses"))
    assert "Those of an account that you look after are listed in the account." in page
    assert 'href="/accounts"' in page.split("<main")[1]
