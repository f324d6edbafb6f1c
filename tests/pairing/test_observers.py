"""“Who observes me” on User Settings: saying that one isn't right, and removing one."""

from __future__ import annotations

import html
from typing import Any

import pytest
import time_machine
from django.test import Client

from audit.models import Event
from pairing.actions import link, settle_question
from pairing.models import ObservationLink
from tests.cast import Cast

SETTINGS = "/profile/settings"


@pytest.fixture
def row(cast: Cast) -> ObservationLink:
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    return ObservationLink.objects.get()


@pytest.fixture
def ada(cast: Cast, signed_in: Any) -> Client:
    return signed_in(cast.student)


def _question(row: ObservationLink) -> str:
    return f"/profile/observers/{row.pk}/question"


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


def _remove(row: ObservationLink) -> str:
    return f"/profile/observers/{row.pk}/remove"


def test_a_student_sees_who_observes_them(ada: Client, row: ObservationLink):
    page = ada.get(SETTINGS).content.decode()
    assert "Joy Okafor" in page
    assert f"since {row.linked_at:%A, %-d %B %Y}" in page
    assert f'action="{_question(row)}"' in page
    assert f'action="{_remove(row)}"' not in page


def test_saying_that_one_isnt_right_tells_an_administrator(ada: Client, row: ObservationLink):
    answer = ada.post(_question(row), follow=True)
    assert "administrators of Northfield have been told about Joy Okafor" in answer.content.decode()
    assert Event.objects.filter(action="link_questioned").count() == 1
    assert ObservationLink.objects.active().exists()


def test_what_was_said_stays_beside_the_observer_until_it_is_settled(
    ada: Client, cast: Cast, row: ObservationLink
):
    with time_machine.travel("2026-11-23T12:05:00Z", tick=False):
        page = _text(ada.post(_question(row), follow=True))
        again = _text(ada.post(_question(row), follow=True))
    said = "You told the administrators that this isn't right: Monday, 23 November, 12:05"
    assert said in page
    assert f'action="{_question(row)}"' not in page
    assert "You have said so before" in again
    assert "have been told" not in again
    assert Event.objects.filter(action="link_questioned").count() == 1
    settle_question(actor=cast.actor(cast.root_admin), link=row)
    page = _text(ada.get(SETTINGS))
    assert "this isn't right:" not in page
    assert f'action="{_question(row)}"' in page


def test_a_second_one_who_isnt_right_is_told_the_same_day(
    ada: Client, cast: Cast, row: ObservationLink
):
    link(actor=cast.actor(cast.root_admin), observer=cast.elsewhere, student=cast.student)
    for one in (row, ObservationLink.objects.get(observer=cast.elsewhere)):
        ada.post(_question(one))
    told = Event.objects.filter(action="link_questioned").order_by("pk")
    assert [event.data["observer"] for event in told] == [cast.observer.pk, cast.elsewhere.pk]


def test_removing_is_there_when_the_root_account_allows_it(
    ada: Client, cast: Cast, row: ObservationLink
):
    assert ada.post(_remove(row)).status_code == 404
    cast.set(students_may_remove_observers=True)
    assert f'action="{_remove(row)}"' in ada.get(SETTINGS).content.decode()
    answer = ada.post(_remove(row), follow=True)
    assert "Joy Okafor doesn&#x27;t observe you any more" in answer.content.decode()
    assert not ObservationLink.objects.active().exists()


@pytest.mark.parametrize("who", ["classmate", "teacher", "observer"])
def test_others_learn_nothing_of_the_link(
    cast: Cast, signed_in: Any, row: ObservationLink, who: str
):
    client = signed_in(getattr(cast, who))
    assert client.post(_question(row)).status_code == 404
    assert Event.objects.filter(action="link_questioned").count() == 0


def test_acting_as_the_student_gives_no_voice(cast: Cast, signed_in: Any, row: ObservationLink):
    client = signed_in(cast.root_admin)
    client.post(f"/users/{cast.student.pk}/masquerade")
    page = client.get(SETTINGS).content.decode()
    assert "Who observes Ada Okafor" in page
    assert f'action="{_question(row)}"' not in page
    assert client.post(_question(row)).status_code == 404


def test_who_is_no_student_has_no_such_panel(cast: Cast, signed_in: Any):
    page = signed_in(cast.teacher).get(SETTINGS).content.decode()
    assert "Pair with observer" not in page
    assert "Who observes me" not in page
