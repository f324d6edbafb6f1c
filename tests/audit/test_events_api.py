"""Events over REST: from old to new, each once, with SIS ids; promised stable (README)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from pairing.actions import issue_code, redeem_code
from pairing.models import PairingCode
from pairing.rules import ISSUE_ON_DETAILS
from tests.audit.conftest import Happen
from tests.cast import Cast, make_account_role, make_admin
from tests.processes import database_url

URL = "/api/v1/audit/events"


@pytest.fixture
def admin(cast: Cast, rest: Callable[[User], APIClient]) -> APIClient:
    return rest(cast.root_admin)


def read(client: APIClient, **query: Any) -> list[dict[str, Any]]:
    """What a client does that wants all there is."""
    events: list[dict[str, Any]] = []
    while True:
        answer = client.get(URL, query)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        events += body["events"]
        if not body["has_more"]:
            return events
        query["after"] = body["after"]


def test_every_event_comes_once_and_later_ones_after_the_last_cursor(
    cast: Cast, admin: APIClient, happen: Happen
) -> None:
    expected = [happen().pk for _ in range(7)]
    found = read(admin, per_page=3, action=["code_issued"])
    assert [one["id"] for one in found] == expected
    last = admin.get(URL, {"action[]": "code_issued"}).json()
    assert last["has_more"] is False
    none = admin.get(URL, {"action[]": "code_issued", "after": last["after"]}).json()
    assert none == {"events": [], "after": last["after"], "has_more": False}
    later = happen().pk
    more = admin.get(URL, {"action[]": "code_issued", "after": last["after"]}).json()
    assert [one["id"] for one in more["events"]] == [later]


def test_code_and_link_events_have_what_a_roster_knows(cast: Cast, admin: APIClient) -> None:
    """Keys that are here stay; the tests of answers (described.py) hold that no other is."""
    User.objects.filter(pk=cast.observer.pk).update(sis_id="j-1")
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    course = cast.courses.biology
    type(course).objects.filter(pk=course.pk).update(sis_id="bio")
    place = cast.enrolment(cast.student, course)
    code = issue_code(
        actor=cast.actor(cast.teacher), action=ISSUE_ON_DETAILS, target=place,
        surface="user_details",
    )  # fmt: skip
    redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text=code.text)
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        issued, linked = read(admin, user_id="sis_user_id:s-ada")
    assert issued.pop("id") < linked.pop("id")
    assert issued.pop("created_at") <= linked.pop("created_at")
    ada = {"id": cast.student.pk, "name": "Ada Okafor", "sis_user_id": "s-ada"}
    tomas = {"id": cast.teacher.pk, "name": "Tomas Varga", "sis_user_id": None}
    joy = {"id": cast.observer.pk, "name": "Joy Okafor", "sis_user_id": "j-1"}
    nothing = {"course": None, "account": None, "code_id": None, "surface": None, "how": None}
    assert issued == nothing | {
        "action": "code_issued", "actor": tomas, "real_actor": tomas, "subject": ada,
        "observer": None, "course": {"id": course.pk, "name": "Biology", "sis_course_id": "bio"},
        "surface": "user_details", "address": "192.0.2.1", "data": {},
    }  # fmt: skip
    assert linked == nothing | {
        "action": "link_created", "actor": joy, "real_actor": joy, "subject": ada,
        "observer": joy, "how": "code", "code_id": PairingCode.objects.get().pk,
        "address": "192.0.2.1", "data": {},
    }  # fmt: skip
    assert code.text not in str([issued, linked])


def test_sis_ids_are_for_who_may_see_them(
    cast: Cast, happen: Happen, rest: Callable[[User], APIClient]
) -> None:
    happen(about=cast.student, course=cast.courses.biology.pk)
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Set", "manage_account_settings"))
    (event,) = read(rest(cast.ta), action="code_issued")
    assert event["subject"] == {"id": cast.student.pk, "name": "Ada Okafor"}


HELD = {"login": "ada.2", "before": {"email": "a@b.example", "name": "Ada"}, "after": {
    "email": "c@d.example", "sis_id": "s-2", "integration_id": "i-2", "login_id": "ada.2",
}}  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ([], {"before": {"name": "Ada"}, "after": {}}),
        (
            ["view_user_logins"],
            {"login": "ada.2", "before": {"name": "Ada"}, "after": {"login_id": "ada.2"}},
        ),
        (["view_user_logins", "read_email_addresses", "read_sis"], HELD),
    ],
)
def test_so_are_the_logins_addresses_and_ids_that_were_changed(
    cast: Cast, happen: Happen, rest: Any, signed_in: Any, keys: list[str], told: dict[str, Any]
) -> None:
    happen("person_changed", about=cast.student, **HELD)
    happen("login_changed", about=cast.student, before="ada.1", after="ada.2")
    happen("settings_changed", by=cast.student, account=cast.root, after={"email": "c@d.example"})
    role = make_account_role(cast, "Set", "manage_account_settings", *keys)
    make_admin(cast, cast.ta, cast.root, role)
    changed, login, own = read(rest(cast.ta), until="2026-03-02T00:00:00Z")
    assert changed["data"] == told
    assert ("before" in login["data"]) is ("view_user_logins" in keys)
    assert ("email" in own["data"]["after"]) is ("read_email_addresses" in keys)
    url = f"/accounts/{cast.root.pk}/audit"
    for kind in (url, f"{url}/events.csv"):
        page = b"".join(signed_in(cast.ta).get(kind)).decode()
        for text in ("a@b.example", "c@d.example", "s-2", "i-2", "ada.2", "ada.1"):
            assert (text in page) is (text in str((told, login["data"], own["data"])))


def test_a_course_of_another_school_is_not_named(
    cast: Cast, happen: Happen, rest: Callable[[User], APIClient]
) -> None:
    """Ada is in a course there, too, and got a code there."""
    happen(about=cast.student, course=cast.courses.reading.pk)
    high = {"account_id": cast.accounts.high.pk, "action": "code_issued"}
    assert [one["course"] for one in read(rest(cast.sub_admin), **high)] == [None]
    (event,) = read(rest(cast.root_admin), action="code_issued")
    assert event["course"]["id"] == cast.courses.reading.pk


def test_who_may_ask_for_which(
    cast: Cast, happen: Happen, rest: Callable[[User], APIClient]
) -> None:
    happen("person_changed", about=cast.student)
    happen("person_changed", about=cast.elsewhere)
    hugo = rest(cast.sub_admin)
    assert hugo.get(URL).status_code == 403
    high = {"account_id": cast.accounts.high.pk, "action": "person_changed"}
    assert [one["subject"]["name"] for one in read(hugo, **high)] == ["Ada Okafor"]
    assert read(hugo, **high, user_id=cast.elsewhere.pk) == []
    assert hugo.get(URL, {"account_id": cast.accounts.elementary.pk}).status_code == 403
    assert hugo.get(URL, {"account_id": cast.stranger.root_account_id}).status_code == 404
    assert hugo.get(URL, {**high, "user_id": cast.stranger.pk}).status_code == 404
    assert rest(cast.teacher).get(URL).status_code == 403


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"after": "12"}, "after must be"),
        ({"address": "everywhere"}, "address must be an IP address"),
        ({"since": "yesterday"}, "since must be a time"),
        ({"until": "2026-13-01T00:00:00Z"}, "until must be a time"),
        ({"action": "\x00"}, "action has characters"),
    ],
)
def test_bad_parameters(admin: APIClient, query: dict[str, str], said: str) -> None:
    answer = admin.get(URL, query)
    assert answer.status_code == 400
    assert said in answer.json()["errors"][0]["message"]


def test_a_page_takes_as_many_statements_however_long_it_is(
    cast: Cast, admin: APIClient, happen: Happen, django_assert_max_num_queries: Any
) -> None:
    people = [cast.student, cast.classmate, cast.teacher, cast.observer]
    for n in range(60):
        happen(by=people[n % 4], about=people[n % 3], account=cast.accounts.high,
               course=cast.courses.biology.pk)  # fmt: skip
    for per_page in (2, 50):
        with django_assert_max_num_queries(13):
            admin.get(URL, {"per_page": per_page})


def test_what_has_just_happened_is_told_a_little_later(cast: Cast, admin: APIClient) -> None:
    cast.code()
    assert read(admin, action="code_issued") == []
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        assert len(read(admin, action="code_issued")) == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_passed_over_that_is_committed_late(cast: Cast, admin: APIClient) -> None:
    """One transaction that began, and took its number, before another that has ended already."""
    if connection.vendor != "postgresql":
        pytest.skip("On SQLite transactions that write end in the order in which they begin.")
    import psycopg

    with psycopg.connect(database_url()) as slow:
        root, late = cast.root.pk, timezone.now()
        slow.execute(
            "INSERT INTO audit_event (root_account_id, created_at, action, data)"
            " VALUES (%s, %s, 'code_issued', '{}')", [root, late],
        )  # fmt: skip
        cast.code()
        with time_machine.travel(timezone.now() + timedelta(seconds=60)):
            assert read(admin, action="code_issued") == []
        slow.commit()
    with time_machine.travel(timezone.now() + timedelta(seconds=60)):
        assert len(read(admin, action="code_issued")) == 2
