"""A person's enrolments over REST (contract §7.2, §7.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from courses.models import Course, Enrolment
from pairing.actions import link
from tests.cast import Cast, enrol, make_account_role, make_admin, make_course

KEYS = {
    "id", "user_id", "course_id", "type", "created_at", "updated_at", "associated_user_id",
    "start_at", "end_at", "course_section_id", "root_account_id",
    "limit_privileges_to_course_section", "enrollment_state", "role", "role_id", "html_url", "user",
}  # fmt: skip
OWN = {"last_activity_at", "last_attended_at", "total_activity_time"}
SIS = {
    "sis_account_id", "sis_course_id", "course_integration_id", "sis_section_id",
    "section_integration_id", "sis_user_id",
}  # fmt: skip


@pytest.fixture
def listed(cast: Cast, rest):
    """GET somebody's enrolments; one's own unless told."""

    def get(by: User, query: str = "", user: User | None = None):
        url = f"/api/v1/users/{user.pk if user else 'self'}/enrollments?per_page=100&{query}"
        return rest(by).get(url)

    return get


def test_ones_own_enrolments(cast: Cast, listed):
    biology, history = listed(cast.student).json()
    assert set(biology) == KEYS | OWN | {"grades"}
    assert (biology["course_id"], history["course_id"]) == (
        cast.courses.biology.pk, cast.courses.history.pk,
    )  # fmt: skip
    assert (biology["type"], biology["role"], biology["enrollment_state"]) == (
        "StudentEnrollment", "StudentEnrollment", "active",
    )  # fmt: skip
    assert biology["role_id"] == cast.roles["StudentEnrollment"].pk
    assert biology["html_url"] == (
        f"http://testserver/courses/{cast.courses.biology.pk}/users/{cast.student.pk}"
    )
    assert biology["user"]["sortable_name"] == "Okafor, Ada"
    assert biology["created_at"].endswith("Z")


def test_sis_ids_are_for_who_reads_them_in_the_course(cast: Cast, listed):
    teaching = listed(cast.teacher).json()[0]
    assert set(teaching) == KEYS | OWN | SIS
    for_administrator = listed(cast.root_admin, user=cast.student).json()[0]
    assert set(for_administrator) == KEYS | {"grades", "sis_import_id"} | SIS
    assert for_administrator["sis_user_id"] == "s-ada"
    assert for_administrator["user"]["login_id"] == "ada.okafor"


# --- Whose ---


def test_somebody_elses_are_for_the_roster_of_the_root_and_for_observers(cast: Cast, listed):
    role = make_account_role(cast, "Registrar", "read_roster")
    make_admin(cast, cast.designer, cast.root, role)
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    for person in (cast.root_admin, cast.designer, cast.observer):
        assert len(listed(person, user=cast.student).json()) == 2
    for person in (cast.teacher, cast.classmate, cast.sub_admin):
        assert listed(person, user=cast.student).status_code == 403
    assert listed(cast.observer, user=cast.classmate).status_code == 403
    assert listed(cast.root_admin, user=cast.stranger).status_code == 404


def test_acting_as_someone_their_own_are_listed(cast: Cast, listed):
    found = listed(cast.root_admin, f"as_user_id={cast.teacher.pk}").json()
    assert {one["user_id"] for one in found} == {cast.teacher.pk}


# --- Which ---


def _in_every_state(cast: Cast) -> None:
    for state in Enrolment.State.values:
        enrol(cast, cast.observer, make_course(cast.root, state), "StudentEnrollment", state)


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ("", {"active", "invited"}),
        ("state[]=active", {"active"}),
        ("state[]=completed&state[]=inactive", {"completed", "inactive"}),
        ("state[]=current_and_invited", {"active", "invited"}),
        ("state[]=current_and_future", {"active", "invited", "creation_pending"}),
        ("state[]=current_and_concluded", {"active", "completed"}),
        ("state[]=rejected&state[]=pending_active", {"rejected"}),
        ("state[]=pending_invited", set()),
    ],
)
def test_states(cast: Cast, listed, query: str, states: set[str]):
    _in_every_state(cast)
    found = listed(cast.observer, query).json()
    assert sorted(one["enrollment_state"] for one in found) == sorted(states)


@pytest.mark.parametrize("state", ["deleted", "frobnicated", ""])
def test_an_invalid_state(cast: Cast, listed, state: str):
    answer = listed(cast.student, f"state[]={state}")
    assert (answer.status_code, answer.json()) == (400, {"error": f"Invalid state {state}"})


def test_an_administrator_may_ask_for_deleted_ones(cast: Cast, listed):
    _in_every_state(cast)
    Course.objects.filter(name="active").update(state="deleted")
    found = listed(cast.root_admin, "state[]=deleted", user=cast.observer).json()
    assert [one["enrollment_state"] for one in found] == ["deleted", "deleted"]


def test_by_default_what_has_ended_is_left_out(cast: Cast, listed):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="completed")
    ended = timezone.now() - timedelta(days=1)
    Course.objects.filter(pk=cast.courses.history.pk).update(end_at=ended)
    assert listed(cast.student).json() == []
    assert len(listed(cast.student, "state[]=active").json()) == 2


def test_a_place_that_is_past_has_ended_like_its_course(cast: Cast, listed):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    past = timezone.now() - timedelta(days=1)
    Enrolment.objects.filter(user=cast.student, course=cast.courses.biology).update(end_at=past)
    [history] = listed(cast.student).json()
    assert history["course_id"] == cast.courses.history.pk
    assert len(listed(cast.student, "state[]=active").json()) == 2
    beside = {
        one["course_id"]: len(one["observed_user"]["enrollments"])
        for one in listed(cast.observer, "include[]=observed_users").json()
    }
    assert beside == {cast.courses.biology.pk: 0, cast.courses.history.pk: 1}
    soon = timezone.now() + timedelta(days=1)
    Enrolment.objects.filter(user=cast.student).update(end_at=soon)
    assert len(listed(cast.student).json()) == 2


def test_what_was_in_a_deleted_course_or_section_is_gone(cast: Cast, listed):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="deleted")
    cast.courses.history.sections.update(state="deleted")
    assert listed(cast.student, "state[]=active").json() == []


def test_by_type_and_role(cast: Cast, listed):
    enrol(cast, cast.teacher, cast.courses.reading, "TaEnrollment")
    ta = cast.roles["TaEnrollment"].pk
    for query in ("type[]=TaEnrollment", "role[]=TaEnrollment", f"role_id[]={ta}"):
        assert [one["type"] for one in listed(cast.teacher, query).json()] == ["TaEnrollment"]
    both = listed(cast.teacher, "type[]=TaEnrollment&type[]=TeacherEnrollment").json()
    assert len(both) == 3
    assert listed(cast.teacher, "type[]=Nothing").json() == []


def test_an_unknown_role(cast: Cast, listed):
    answer = listed(cast.teacher, "role[]=Nothing")
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid role Nothing"})


# --- Observed users: the list from which the parents' apps know the children ---


def test_a_parent_finds_each_child_in_each_course(cast: Cast, listed):
    actor = cast.actor(cast.root_admin)
    for child in (cast.student, cast.elsewhere):
        link(actor=actor, observer=cast.observer, student=child)
    found = listed(cast.observer, "include[]=observed_users&include[]=avatar_url").json()
    assert {(one["observed_user"]["name"], one["course_id"]) for one in found} == {
        ("Ada Okafor", cast.courses.biology.pk),
        ("Ada Okafor", cast.courses.history.pk),
        ("Cora Lind", cast.courses.reading.pk),
    }
    first = found[0]
    assert first["type"] == "ObserverEnrollment"
    assert first["associated_user_id"] == cast.student.pk
    assert set(first["observed_user"]) == {
        "id", "name", "created_at", "sortable_name", "short_name", "avatar_url", "enrollments",
    }  # fmt: skip
    (of_child,) = first["observed_user"]["enrollments"]
    assert (of_child["user_id"], of_child["type"]) == (cast.student.pk, "StudentEnrollment")
    assert set(of_child) == (KEYS | {"grades"}) - {"user"}


def test_ended_enrolments_of_the_child_are_not_shown_and_deleted_children_neither(
    cast: Cast, listed
):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    Enrolment.objects.filter(user=cast.student).update(state="completed")
    first, _ = listed(cast.observer, "include[]=observed_users").json()
    assert first["observed_user"]["enrollments"] == []
    User.objects.filter(pk=cast.student.pk).update(state="deleted")
    assert "observed_user" not in listed(cast.observer, "include[]=observed_users").json()[0]


def test_without_asking_observed_users_are_not_told(cast: Cast, listed):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    assert "observed_user" not in listed(cast.observer).json()[0]


def test_ids_as_texts_for_the_apps(cast: Cast, rest):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    (one, *_) = (
        rest(cast.observer)
        .get(
            "/api/v1/users/self/enrollments?include[]=observed_users",
            HTTP_ACCEPT="application/json+canvas-string-ids, application/json",
        )
        .json()
    )
    texts = [one["id"], one["role_id"], one["associated_user_id"], one["observed_user"]["id"]]
    assert all(isinstance(text, str) for text in texts)
    assert isinstance(one["observed_user"]["enrollments"][0]["role_id"], str)


@pytest.mark.parametrize("children", [1, 30])
def test_the_list_costs_the_same_however_long(
    cast: Cast, rest, django_assert_max_num_queries, children: int
):
    for n in range(children):
        course = make_course(cast.root, f"Course {n}")
        child = cast.student if n % 2 else cast.classmate
        enrol(cast, child, course, "StudentEnrollment")
    actor = cast.actor(cast.root_admin)
    for child in (cast.student, cast.classmate):
        link(actor=actor, observer=cast.observer, student=child)
    client = rest(cast.observer)
    url = "/api/v1/users/self/enrollments?include[]=observed_users&per_page=100"
    client.get(url)
    with django_assert_max_num_queries(6):
        assert len(client.get(url).json()) == 4 + children
