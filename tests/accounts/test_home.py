"""The first page and the frame: what each person needs, and nothing that leads nowhere."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from pairing.actions import link
from tests.cast import enrol


def get(client, path="/"):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def menu(text):
    start = text.find('class="top__menu"')
    return re.findall(r"<a[^>]*>([^<]*)</a>", text[start : text.index("</ul>", start)])


@pytest.fixture
def linked(cast):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)


@pytest.mark.parametrize(
    ("who", "items"),
    [
        ("root_admin", ["Accounts", "Settings"]),
        ("teacher", ["Courses", "Settings"]),
        ("student", ["Courses", "Settings"]),
        ("observer", ["Courses", "Observing", "Settings"]),
    ],
)
def test_the_menu_has_what_is_of_use_to_the_person(cast, linked, signed_in, who, items):
    assert menu(get(signed_in(getattr(cast, who)))) == items


def test_who_has_nothing_else_here_finds_where_to_type_a_code(cast, signed_in):
    text = get(signed_in(cast.observer))
    assert menu(text) == ["Observing", "Settings"]
    assert "Were you given a pairing code" in text


def test_a_visitor_finds_the_ways_in(cast, client):
    text = get(client)
    assert 'href="/login"' in text
    assert 'href="/register/observer"' in text


@pytest.mark.parametrize("path", ["/", "/login"])
def test_without_self_registration_nobody_is_sent_to_register(cast, client, path):
    cast.set(self_registration="none")
    assert "/register/observer" not in get(client, path)


def test_a_student_is_led_to_pairing_while_it_is_on(cast, signed_in, linked):
    client = signed_in(cast.student)
    text = get(client)
    assert "Pair with observer" in text
    assert "1 person observes you." in text
    cast.set(self_registration="none")
    assert "Pair with observer" not in get(client)


def test_an_observer_finds_their_students(cast, signed_in, linked):
    text = get(signed_in(cast.observer))
    assert "Your students" in text
    assert "Ada Okafor" in text


def test_a_teacher_finds_their_courses(cast, signed_in):
    text = get(signed_in(cast.teacher))
    assert f'href="/courses/{cast.courses.biology.pk}/users"' in text
    assert "Chemistry" not in text


def test_an_administrator_finds_their_accounts(cast, signed_in):
    text = get(signed_in(cast.sub_admin))
    assert f'href="/accounts/{cast.accounts.high.pk}"' in text
    assert "Science" not in text


def test_who_is_invited_is_told_and_led_to_the_answer(cast, signed_in):
    enrol(cast, cast.observer, cast.courses.biology, "TeacherEnrollment", "invited")
    text = get(signed_in(cast.observer))
    invitations = text[text.index("Invitations") :]
    assert "Biology" in invitations
    assert "Teacher" in invitations
    assert re.search(r'href="/courses"[^>]*>Accept or decline', invitations)
    assert "Nothing is waiting for you yet." not in text


def test_a_course_whose_end_is_past_is_none_of_the_current_ones(cast, signed_in):
    biology = cast.courses.biology
    biology.end_at = timezone.now() - timedelta(days=1)
    biology.save()
    text = get(signed_in(cast.teacher))
    assert "History" in text
    assert "Biology" not in text


@pytest.mark.parametrize("who", ["root_admin", "sub_admin", "teacher", "student", "observer", None])
def test_no_link_of_the_first_page_is_dead(cast, signed_in, linked, who):
    client = signed_in(getattr(cast, who) if who else None)
    for url in set(re.findall(r'<a[^>]*href="(/[^"]*)"', get(client))):
        assert client.get(url).status_code == 200, url


@pytest.mark.parametrize("who", ["root_admin", "student", "observer", "teacher"])
def test_the_first_page_takes_few_statements(
    cast, signed_in, linked, django_assert_max_num_queries, who
):
    for course in (cast.courses.chemistry, cast.courses.reading):
        enrol(cast, getattr(cast, who), course, "TaEnrollment", "invited")
    client = signed_in(getattr(cast, who))
    get(client)
    with django_assert_max_num_queries(15):
        get(client)


def test_a_page_that_is_not_there_has_the_frame(cast, signed_in):
    response = signed_in(cast.student).get("/nowhere")
    assert response.status_code == 404
    assert "Northfield" in response.content.decode()
