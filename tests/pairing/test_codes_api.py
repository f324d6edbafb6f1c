"""Pairing codes over REST: making, refusing with a reason, listing, revoking (contract §2.1)."""

from __future__ import annotations

import re

import pytest

from accounts.models import User
from accounts.rules import SEE_PERSON
from courses.models import Enrolment
from pairing.models import PairingCode
from permissions.policy import may
from tests.cast import Cast, enrol, make_account_role, make_admin

GENERATE = "generate_observer_pairing_code"
COURSE_ADMINISTRATION = "allow_course_admin_actions"
DENIED = {
    "status": "unauthorized",
    "errors": [{"message": "user not authorized to perform that action"}],
}


@pytest.fixture
def issue(cast: Cast, rest):
    def post(by: User, student: User | str = "self", **params):
        who = student if isinstance(student, str) else student.pk
        return rest(by).post(f"/api/v1/users/{who}/observer_pairing_codes", params)

    return post


# --- Making ---


def test_a_code_is_told_once_in_four_keys(cast: Cast, issue):
    answer = issue(cast.student)
    code = PairingCode.objects.get()
    assert answer.status_code == 200
    assert set(answer.json()) == {"user_id", "code", "expires_at", "workflow_state"}
    assert answer.json()["user_id"] == cast.student.pk
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{10}", answer.json()["code"])
    assert answer.json()["expires_at"] == code.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert answer.json()["workflow_state"] == "active"
    assert (code.surface, code.issued_by, code.course) == ("rest", cast.student, None)


def test_without_a_token_nothing(cast: Cast, rest):
    answer = rest(None).post(f"/api/v1/users/{cast.student.pk}/observer_pairing_codes")
    assert answer.status_code == 401


def test_ids_as_texts(cast: Cast, rest):
    client = rest(cast.student)
    accept = "application/json+canvas-string-ids"
    body = client.post("/api/v1/users/self/observer_pairing_codes", HTTP_ACCEPT=accept).json()
    assert body["user_id"] == str(cast.student.pk)


# --- Refusing ---


def reason(missing: list[tuple[str, str]], setting: str | None = None):
    pairs = [{"permission": key, "context": context} for key, context in missing]
    return {"missing": pairs, "setting": setting, "explain_url": None}


def test_who_may_open_the_explanation_is_told_where_it_is(cast: Cast, issue, signed_in):
    cast.set(self_registration="none")
    biology, science = cast.courses.biology, cast.accounts.science
    for admin in (cast.root_admin, cast.sub_admin):
        url = issue(admin, cast.student).json()["reason"]["explain_url"]
        assert url.startswith(f"http://testserver/accounts/{science.pk}/permissions/explain?")
        assert f"context=course%3A{biology.pk}" in url
        page = signed_in(admin).get(url)
        assert page.status_code == 200
        assert "Self registration is off." in page.content.decode()
    assert issue(cast.student).json()["reason"]["explain_url"] is None


def test_acting_as_the_student_the_explanation_is_about_user_settings(cast: Cast, issue, signed_in):
    cast.set(self_registration="none")
    answer = issue(cast.root_admin, "self", as_user_id=cast.student.pk)
    url = answer.json()["reason"]["explain_url"]
    page = signed_in(cast.root_admin).get(url).content.decode()
    assert "acting as Ada Okafor, may not make a pairing code from the student" in page


def test_a_refusal_says_which_half_is_missing(cast: Cast, issue):
    biology = f"course_{cast.courses.biology.pk}"
    answer = issue(cast.teacher, cast.student)
    assert answer.status_code == 403
    assert answer.json() == DENIED | {"reason": reason([(GENERATE, biology)])}
    cast.override("TaEnrollment", GENERATE)
    assert issue(cast.ta, cast.student).json()["reason"] == reason(
        [(COURSE_ADMINISTRATION, biology)]
    )
    assert not PairingCode.objects.exists()


def test_of_two_equal_courses_the_lowest_id_is_told(cast: Cast, issue):
    first = min(cast.courses.biology.pk, cast.courses.history.pk)
    assert issue(cast.classmate, cast.student).json()["reason"] == reason(
        [(GENERATE, f"course_{first}"), (COURSE_ADMINISTRATION, f"course_{first}")]
    )


def test_the_nearest_surface_is_told_though_its_course_comes_later(cast: Cast, issue):
    cast.override("TeacherEnrollment", GENERATE, account=cast.accounts.high, locked=True)
    cast.override("TeacherEnrollment", COURSE_ADMINISTRATION, enabled=False)
    enrol(cast, cast.teacher, cast.courses.chemistry, "TaEnrollment")
    enrol(cast, cast.student, cast.courses.chemistry, "StudentEnrollment", "invited")
    cast.enrolment(cast.teacher, cast.courses.biology).delete()
    history = f"course_{cast.courses.history.pk}"
    assert issue(cast.teacher, cast.student).json()["reason"] == reason(
        [(COURSE_ADMINISTRATION, history)]
    )


def test_the_settings_pair_is_told_when_it_is_nearer(cast: Cast, issue):
    role = make_account_role(cast, "Helper", "read_roster", "become_user")
    make_admin(cast, cast.observer, cast.root, role)
    biology = f"course_{cast.courses.biology.pk}"
    told = reason([(GENERATE, biology)])
    assert issue(cast.observer, cast.student).json()["reason"] == told
    acting = issue(cast.observer, cast.student, as_user_id=cast.student.pk)
    assert acting.json()["reason"] == told


def test_at_a_tie_the_details_page_is_told(cast: Cast, issue):
    role = make_account_role(cast, "Helper", "read_roster", GENERATE)
    make_admin(cast, cast.observer, cast.root, role)
    biology = f"course_{cast.courses.biology.pk}"
    assert issue(cast.observer, cast.student).json()["reason"] == reason(
        [(COURSE_ADMINISTRATION, biology)]
    )


def test_acting_as_somebody_else_the_details_page_is_asked(cast: Cast, issue):
    answer = issue(cast.root_admin, cast.student, as_user_id=cast.teacher.pk)
    biology = f"course_{cast.courses.biology.pk}"
    assert answer.json()["reason"] == reason([(GENERATE, biology)])


def test_acting_as_the_student_without_generating_over_them(cast: Cast, issue):
    role = make_account_role(cast, "Helper", "become_user")
    make_admin(cast, cast.observer, cast.root, role)
    Enrolment.objects.filter(user=cast.student).update(activated_at=None)
    answer = issue(cast.observer, "self", as_user_id=cast.student.pk)
    assert answer.json()["reason"] == reason([(GENERATE, f"account_{cast.root.pk}")])


NOT_COUNTING = (
    "the student's enrolment in the course does not count: it was never accepted, or it has ended"
)


def test_a_place_that_does_not_count_is_told_and_no_permission(cast: Cast, issue):
    cast.override("TeacherEnrollment", GENERATE)
    role = make_account_role(cast, "Helper", "read_roster", "become_user", GENERATE)
    make_admin(cast, cast.observer, cast.root, role)
    Enrolment.objects.filter(user=cast.student).update(state="invited", activated_at=None)
    for person in (cast.teacher, cast.observer):
        told = reason([]) | {"conditions": [NOT_COUNTING]}
        assert issue(person, cast.student).json()["reason"] == told


def test_switched_off_self_registration_is_told(cast: Cast, issue):
    cast.set(self_registration="none")
    assert issue(cast.student).json()["reason"] == reason([], "self_registration")
    told = issue(cast.root_admin, cast.student).json()["reason"]
    assert told | {"explain_url": None} == reason([], "self_registration")


def test_who_is_no_student_lacks_nothing_that_could_be_given(cast: Cast, issue):
    answer = issue(cast.root_admin, cast.teacher)
    assert answer.status_code == 403
    told = reason([]) | {"conditions": ["is no student in any course"]}
    assert answer.json()["reason"] | {"explain_url": None} == told


@pytest.mark.parametrize("hidden", ["elsewhere", "stranger"])
def test_who_may_not_see_the_student_learns_nothing(cast: Cast, issue, hidden: str):
    answer = issue(cast.teacher, getattr(cast, hidden))
    assert answer.status_code == 404
    assert answer.json() == {"errors": [{"message": "The specified resource does not exist."}]}
    assert issue(cast.teacher, "999999").json() == answer.json()


def test_who_may_make_one_need_not_see_the_student(cast: Cast, issue):
    cast.override("TeacherEnrollment", GENERATE)
    cast.override("TeacherEnrollment", "read_roster", enabled=False)
    assert not may(cast.actor(cast.teacher), SEE_PERSON, cast.student)
    for named in (cast.student, "sis_login_id:ada.okafor", "sis_user_id:s-ada"):
        assert issue(cast.teacher, named).status_code == 200


# --- Listing and revoking ---


def _codes(cast: Cast, rest, by: User, student: User):
    return rest(by).get(f"/api/v1/users/{student.pk}/observer_pairing_codes")


def test_live_codes_are_listed_without_the_code(cast: Cast, rest, issue):
    text = issue(cast.student).json()["code"]
    (one,) = _codes(cast, rest, cast.student, cast.student).json()
    assert set(one) == {
        "id", "user_id", "hint", "issued_by", "surface", "created_at", "expires_at",
        "workflow_state",
    }  # fmt: skip
    assert (one["hint"], one["surface"], one["workflow_state"]) == (text[-2:], "rest", "active")
    assert one["issued_by"] == {"id": cast.student.pk, "name": "Ada Okafor"}
    assert text not in str(one)


def test_who_may_list_codes(cast: Cast, rest, issue):
    issue(cast.student)
    for person, number in [(cast.root_admin, 1), (cast.sub_admin, 1), (cast.teacher, 0)]:
        assert len(_codes(cast, rest, person, cast.student).json()) == number
    assert _codes(cast, rest, cast.neighbour_admin, cast.student).status_code == 404


def test_an_issuer_lists_and_ends_a_code_of_a_student_whom_they_see_no_longer(
    cast: Cast, rest, issue
):
    cast.override("TeacherEnrollment", GENERATE)
    issue(cast.student)
    code = issue(cast.teacher, cast.student).json()["code"]
    Enrolment.objects.filter(user=cast.teacher).delete()
    (one,) = _codes(cast, rest, cast.teacher, cast.student).json()
    assert (one["issued_by"]["id"], one["hint"]) == (cast.teacher.pk, code[-2:])
    url = f"/api/v1/users/{cast.student.pk}/observer_pairing_codes/{one['id']}"
    assert rest(cast.teacher).delete(url).status_code == 200
    assert _codes(cast, rest, cast.teacher, cast.student).status_code == 404


def test_revoking(cast: Cast, rest, issue):
    issue(cast.student)
    url = f"/api/v1/users/self/observer_pairing_codes/{PairingCode.objects.get().pk}"
    assert rest(cast.teacher).delete(url.replace("self", str(cast.student.pk))).status_code == 404
    answer = rest(cast.student).delete(url)
    assert (answer.status_code, answer.json()["workflow_state"]) == (200, "deleted")
    assert PairingCode.objects.get().state == "revoked"
    assert rest(cast.student).delete(url).status_code == 404
    assert _codes(cast, rest, cast.student, cast.student).json() == []


@pytest.mark.parametrize("code_id", ["0", "x", "9" * 40])
def test_a_code_that_is_not_there(cast: Cast, rest, code_id: str):
    url = f"/api/v1/users/self/observer_pairing_codes/{code_id}"
    assert rest(cast.student).delete(url).status_code == 404


def test_a_code_of_another_student_is_not_there(cast: Cast, rest, issue):
    issue(cast.classmate)
    url = f"/api/v1/users/{cast.student.pk}/observer_pairing_codes/{PairingCode.objects.get().pk}"
    assert rest(cast.root_admin).delete(url).status_code == 404


# --- Cost ---


def test_issuing_takes_at_most_twelve_statements(cast: Cast, rest, django_assert_max_num_queries):
    client = rest(cast.sub_admin)
    url = f"/api/v1/users/{cast.student.pk}/observer_pairing_codes"
    client.post(url)
    with django_assert_max_num_queries(12):
        assert client.post(url).status_code == 200


def test_it_does_also_when_another_code_must_end(cast: Cast, rest, django_assert_max_num_queries):
    client = rest(cast.sub_admin)
    url = f"/api/v1/users/{cast.student.pk}/observer_pairing_codes"
    for _ in range(5):
        client.post(url)
    # Two of these are the savepoint in which the test runs it.
    with django_assert_max_num_queries(12 + 2):
        assert client.post(url).status_code == 200
    assert PairingCode.objects.filter(state="superseded").count() == 1
