"""Nobody learns by trying which SIS ids there are: only numbers are answered with a 403."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, User
from courses.models import Course, Enrolment
from pairing.models import ObservationLink
from tests.cast import Cast
from tests.effort import some_of

NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
OF_ACCOUNT = [
    ("get", "accounts/{}"), ("put", "accounts/{}"), ("get", "accounts/{}/settings"),
    ("get", "accounts/{}/terms_of_service"), ("get", "accounts/{}/permissions"),
    ("get", "accounts/{}/permissions/explain"), ("post", "accounts/{}/users"),
    ("get", "accounts/{}/roles"), ("post", "accounts/{}/roles"), ("get", "accounts/{}/roles/1"),
    ("get", "accounts/{}/admins"), ("get", "accounts/{}/admins/self"),
    ("get", "accounts/{}/sub_accounts"), ("delete", "accounts/self/sub_accounts/{}"),
    ("get", "accounts/{}/courses"), ("post", "accounts/{}/courses"),
    ("get", "accounts/{}/enrollments/1"),
]  # fmt: skip
OF_COURSE = [
    ("get", "courses/{}/permissions"), ("get", "courses/{}/permissions/explain"),
    ("get", "courses/{}"), ("put", "courses/{}"), ("delete", "courses/{}"),
    ("get", "courses/{}/users"), ("get", "courses/{}/users/1"), ("get", "courses/{}/sections"),
    ("post", "courses/{}/sections"), ("get", "courses/{}/enrollments"),
    ("post", "courses/{}/enrollments"), ("delete", "courses/{}/enrollments/1"),
]  # fmt: skip


@pytest.fixture
def statuses(cast: Cast, rest):
    Account.objects.filter(pk=cast.accounts.elementary.pk).update(sis_id="el")
    Course.objects.filter(pk=cast.courses.reading.pk).update(sis_id="re")

    def asked(person: User | None, places: list[tuple[str, str]], text: str) -> set[int]:
        client = rest(person)
        answers = [
            getattr(client, method)(f"/api/v1/{path.format(text)}", format="json")
            for method, path in places
        ]
        assert all(one.json() == NOT_FOUND for one in answers if one.status_code == 404)
        return {one.status_code for one in answers}

    return asked


@pytest.mark.parametrize("who", ["student", "teacher", "observer", "sub_admin"])
def test_whoever_may_not_see_it_finds_nothing_by_a_sis_id(cast: Cast, statuses, who: str) -> None:
    person = getattr(cast, who)
    assert statuses(person, OF_ACCOUNT, "sis_account_id:el") == {404}
    assert statuses(person, OF_COURSE, "sis_course_id:re") == {404}
    assert 404 not in statuses(person, OF_ACCOUNT[5:6], str(cast.accounts.elementary.pk))
    assert statuses(person, OF_COURSE, str(cast.courses.reading.pk)) == {403}


def test_a_visitor_finds_no_account_by_its_sis_id(cast: Cast, statuses) -> None:
    assert statuses(None, [("post", "accounts/{}/users")], "sis_account_id:el") == {404}


def test_who_may_see_it_finds_it(cast: Cast, statuses) -> None:
    assert statuses(cast.neighbour_admin, OF_ACCOUNT[:1], "sis_account_id:el") == {200}
    assert statuses(cast.elsewhere, OF_COURSE[:1], "sis_course_id:re") == {200}


@pytest.mark.parametrize("who", ["elsewhere", "teacher", "neighbour_admin"])
def test_ending_a_link_tells_nobody_who_is_there_or_linked(cast: Cast, rest, who: str) -> None:
    """Of people whom one may not see: the same for somebody, for two who are linked, for nobody."""
    User.objects.filter(pk=cast.observer.pk).update(sis_id="joy")
    Enrolment.objects.filter(user__in=[cast.student, cast.classmate]).update(state="deleted")
    ObservationLink.objects.create(
        root_account=cast.root, observer=cast.observer, student=cast.student
    )
    client = rest(getattr(cast, who))
    joy, ada = "sis_user_id:joy", "sis_user_id:s-ada"
    pairs = [(joy, ada), (joy, "sis_user_id:nobody"), ("sis_login_id:nobody", ada),
             (joy, "sis_login_id:ben.ito"), (cast.observer.pk, ada), (joy, cast.student.pk)]  # fmt: skip
    answers = [client.delete(f"/api/v1/users/{a}/observees/{b}") for a, b in pairs]
    assert {(one.status_code, one.content) for one in answers} == {(404, answers[0].content)}
    by_number = client.delete(f"/api/v1/users/{cast.observer.pk}/observees/{cast.student.pk}")
    assert by_number.status_code == 403
    assert ObservationLink.objects.active().exists()


def test_who_observes_ends_it_by_any_id(cast: Cast, rest) -> None:
    ObservationLink.objects.create(
        root_account=cast.root, observer=cast.observer, student=cast.student
    )
    answer = rest(cast.observer).delete("/api/v1/users/self/observees/sis_login_id:ada.okafor")
    assert answer.status_code == 200


def test_events_tell_nobody_who_is_there(cast: Cast, rest) -> None:
    client = rest(cast.neighbour_admin)
    asked = {"account_id": cast.accounts.elementary.pk}
    answers = [
        client.get("/api/v1/audit/events", asked | {"user_id": f"sis_login_id:{login}"})
        for login in ("ben.ito", "nobody")
    ]
    assert [one.status_code for one in answers] == [404, 404]


# --- Nor from the time ---

# Each {} names somebody by a login.
OF_PERSON = [
    ("post", "users/{}/observer_pairing_codes"), ("get", "users/{}/observer_pairing_codes"),
    ("delete", "users/{}/observer_pairing_codes/1"), ("get", "users/{}/observees"),
    ("post", "users/{}/observees"), ("get", "users/{}/observees/1"), ("put", "users/{}/observees/1"),
    ("delete", "users/{}/observees/1"), ("delete", "users/1/observees/{}"),
    ("get", "users/{}/observers"), ("get", "users/{}"), ("put", "users/{}"), ("delete", "accounts/self/users/{}"),
    ("get", "users/{}/profile"), ("get", "users/{}/logins"), ("get", "users/{}/courses"),
    ("get", "users/{}/enrollments"), ("get", "users/{}/settings"), ("post", "users/{}/tokens"),
    ("delete", "users/{}/sessions"), ("get", "users/self?as_user_id={}"),
    ("post", "accounts/self/logins?user[id]={}"),
]  # fmt: skip


def _asked(client, method: str, path: str, login: str) -> tuple[int, bytes, list[str]]:
    """The answer, and the statements that it took, as they would be for any login."""
    with CaptureQueriesContext(connection) as queries:
        answer = getattr(client, method)(f"/api/v1/{path.format(f'sis_login_id:{login}')}")
    statements = [one["sql"].replace(login, "…") for one in queries.captured_queries]
    return answer.status_code, answer.content, statements


@pytest.mark.parametrize(
    ("who", "method", "path"),
    [
        (who, *one)
        for n, who in enumerate(["elsewhere", "neighbour_admin"])
        for one in some_of(OF_PERSON, n)
    ],
)
def test_a_login_takes_the_same_statements_whoever_has_it(
    cast: Cast, rest, who: str, method: str, path: str
) -> None:
    """`ben.ito` is somebody, whom the caller may not see; `nobody1` is not."""
    client = rest(getattr(cast, who))
    with time_machine.travel(timezone.now(), tick=False):
        client.get("/api/v1/users/self")  # what is noted of a token and kept of a tenant, once
        asked = [_asked(client, method, path, login) for login in ("ben.ito", "nobody1")]
    assert asked[0][0] in (401, 404)
    assert asked[0] == asked[1]
