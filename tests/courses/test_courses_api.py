"""Courses over REST: one's own, an account's, made, changed, ended (contract §7.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account
from courses.actions import update_course
from courses.models import Course, Enrolment, Section
from pairing.actions import link
from permissions.policy import Denied
from tests.cast import Cast, enrol, make_account_role, make_admin, make_course

CORE = {
    "id", "name", "account_id", "uuid", "start_at", "grading_standard_id", "is_public",
    "created_at", "course_code", "default_view", "root_account_id", "enrollment_term_id", "license",
    "end_at", "public_syllabus", "storage_quota_mb", "is_public_to_auth_users",
    "apply_assignment_group_weights", "calendar", "time_zone", "blueprint", "hide_final_grades",
    "workflow_state", "restrict_enrollments_to_course_dates",
}  # fmt: skip
SIS = {"sis_course_id", "integration_id"}


def _names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [one["name"] for one in answer.json()]


@pytest.fixture
def biology(cast: Cast) -> str:
    return f"/api/v1/courses/{cast.courses.biology.pk}"


# --- One's own ---


def test_ones_own_courses(cast: Cast, rest):
    biology, history = rest(cast.student).get("/api/v1/courses").json()
    assert set(biology) == CORE | {"enrollments"}
    assert (biology["name"], biology["workflow_state"]) == ("Biology", "available")
    assert history["account_id"] == cast.accounts.high.pk
    assert biology["enrollments"] == [
        {
            "type": "student",
            "role": "StudentEnrollment",
            "role_id": cast.roles["StudentEnrollment"].pk,
            "user_id": cast.student.pk,
            "enrollment_state": "active",
            "limit_privileges_to_course_section": False,
        }
    ]


def test_nobody_elses_courses_are_ones_own(cast: Cast, rest):
    assert _names(rest(cast.observer).get("/api/v1/courses")) == []
    assert _names(rest(cast.root_admin).get("/api/v1/courses")) == []


def test_a_parent_sees_the_childs_places_where_it_is_asked_for(cast: Cast, rest):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    url, client = "/api/v1/courses?include[]=observed_users", rest(cast.observer)
    [own, childs] = client.get(url).json()[0]["enrollments"]
    assert (own["type"], own["associated_user_id"]) == ("observer", cast.student.pk)
    assert (childs["type"], childs["user_id"]) == ("student", cast.student.pk)
    assert len(client.get("/api/v1/courses").json()[0]["enrollments"]) == 1
    # Ben is in Biology, too, and none of hers.
    everyone = [e["user_id"] for course in client.get(url).json() for e in course["enrollments"]]
    assert set(everyone) == {cast.observer.pk, cast.student.pk}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"active", "invited", "creation_pending"}),
        ("enrollment_state=active", {"active"}),
        ("enrollment_state=invited_or_pending", {"invited", "creation_pending"}),
        ("enrollment_state=completed", {"completed", "over", "ended"}),
        ("enrollment_type=student&enrollment_state=active", {"active"}),
        ("enrollment_type=ta", set()),
        ("state[]=unpublished", {"unpublished"}),
        ("state[]=completed&enrollment_state=completed", {"ended"}),
    ],
)
def test_which_of_ones_own_are_listed(cast: Cast, rest, query: str, found: set[str]):
    for state in Enrolment.State.values:
        enrol(cast, cast.observer, make_course(cast.root, state), "StudentEnrollment", state)
    past = timezone.now() - timedelta(days=1)
    for name, more in {
        "over": {"end_at": past}, "ended": {"state": "completed"},
        "unpublished": {"state": "unpublished"}, "gone": {"state": "deleted"},
    }.items():  # fmt: skip
        enrol(cast, cast.observer, make_course(cast.root, name, **more), "StudentEnrollment")
    answer = rest(cast.observer).get(f"/api/v1/courses?per_page=100&{query}")
    assert set(_names(answer)) == found


def test_who_teaches_hears_of_courses_that_are_not_published(cast: Cast, rest):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="unpublished")
    assert _names(rest(cast.teacher).get("/api/v1/courses")) == ["Biology", "History"]
    assert _names(rest(cast.student).get("/api/v1/courses")) == ["History"]


def test_by_role(cast: Cast, rest):
    url = "/api/v1/courses?enrollment_role_id="
    teacher = cast.roles["TeacherEnrollment"].pk
    assert _names(rest(cast.teacher).get(f"{url}{teacher}")) == ["Biology", "History"]
    assert _names(rest(cast.student).get(f"{url}{teacher}")) == []


@pytest.mark.parametrize(
    "query",
    [
        "enrollment_state=gone", "enrollment_type=king", "state[]=x", "enrollment_role_id=x",
        "enrollment_type=%00", "state[a]=b",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_400(cast: Cast, rest, query: str):
    answer = rest(cast.student).get(f"/api/v1/courses?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


def test_a_suspended_place_opens_no_course(cast: Cast, rest, biology: str):
    place = cast.enrolment(cast.student, cast.courses.biology)
    Enrolment.objects.filter(pk=place.pk).update(state="inactive")
    assert rest(cast.student).get(biology).json() == {
        "id": cast.courses.biology.pk,
        "access_restricted_by_date": True,
    }


# --- A person's ---


def test_a_persons_courses_are_for_themself_their_observers_and_the_root(cast: Cast, rest):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    url = f"/api/v1/users/{cast.student.pk}/courses"
    for person in (cast.student, cast.observer, cast.root_admin):
        assert _names(rest(person).get(url)) == ["Biology", "History"]
    for person in (cast.teacher, cast.classmate, cast.sub_admin):
        assert rest(person).get(url).status_code == 403
    assert rest(cast.root_admin).get(f"/api/v1/users/{cast.stranger.pk}/courses").status_code == 404


def test_whom_somebody_else_observes_is_not_told(cast: Cast, rest):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    answer = rest(cast.root_admin).get(
        f"/api/v1/users/{cast.observer.pk}/courses?include[]=observed_users"
    )
    users = {e["user_id"] for course in answer.json() for e in course["enrollments"]}
    assert users == {cast.observer.pk}


def test_a_parent_does_not_hear_in_which_courses_their_child_observes(cast: Cast, rest):
    actor = cast.actor(cast.root_admin)
    link(actor=actor, observer=cast.observer, student=cast.student)
    link(actor=actor, observer=cast.student, student=cast.classmate)
    url = f"/api/v1/users/{cast.student.pk}/courses"
    told = rest(cast.observer).get(url).json()
    assert [course["name"] for course in told] == ["Biology", "History"]
    assert {place["type"] for course in told for place in course["enrollments"]} == {"student"}
    assert "Chemistry" in _names(rest(cast.student).get(url))


# --- One ---


def test_sis_ids_are_for_who_reads_them_in_the_course(cast: Cast, rest, biology: str):
    assert set(rest(cast.student).get(biology).json()) == CORE | {"enrollments"}
    assert set(rest(cast.teacher).get(biology).json()) == CORE | SIS | {"enrollments"}
    assert set(rest(cast.root_admin).get(biology).json()) == CORE | SIS | {
        "enrollments", "sis_import_id",
    }  # fmt: skip


def test_what_else_can_be_asked_for(cast: Cast, rest, biology: str):
    names = ["permissions", "concluded", "total_students", "account", "unknown"]
    query = "&".join(f"include[]={name}" for name in names)
    body = rest(cast.teacher).get(f"{biology}?{query}").json()
    assert body["permissions"] == {"create_announcement": False, "create_discussion_topic": False}
    assert (body["concluded"], body["total_students"]) == (False, 2)
    assert body["account"]["name"] == "Science"
    assert "unknown" not in body


def test_a_course_is_found_below_its_accounts_only(cast: Cast, rest):
    course = cast.courses.biology.pk
    for account, status in (
        (cast.root, 200),
        (cast.accounts.high, 200),
        (cast.accounts.elementary, 404),
    ):
        url = f"/api/v1/accounts/{account.pk}/courses/{course}"
        assert rest(cast.root_admin).get(url).status_code == status


def test_a_deleted_course_is_shown_to_who_may_restore_it(cast: Cast, rest, biology: str):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="deleted")
    assert rest(cast.root_admin).get(biology).status_code == 404
    body = rest(cast.root_admin).get(f"{biology}?include[]=all_courses").json()
    assert body["workflow_state"] == "deleted"
    for person in (cast.teacher, cast.student, cast.neighbour_admin):
        assert rest(person).get(f"{biology}?include[]=all_courses").status_code == 404


# --- An account's ---


@pytest.fixture
def listed(cast: Cast, rest):
    def get(query: str = "", by: Any = None, account: Any = None) -> Any:
        account = account or cast.root
        url = f"/api/v1/accounts/{account.pk}/courses?per_page=100&{query}"
        return rest(by or cast.root_admin).get(url)

    return get


def test_an_accounts_courses_are_those_below_it(cast: Cast, listed):
    assert _names(listed()) == ["Biology", "Chemistry", "History", "Reading"]
    high = cast.accounts.high
    assert _names(listed(account=high, by=cast.sub_admin)) == ["Biology", "Chemistry", "History"]
    body = listed("include[]=total_students").json()[0]
    assert set(body) == CORE | SIS | {"sis_import_id", "total_students"}


@pytest.fixture
def varied(cast: Cast) -> None:
    """One course of each state, and one whose end is past."""
    courses = cast.courses
    states = {
        courses.biology: "unpublished",
        courses.chemistry: "completed",
        courses.history: "deleted",
    }
    for course, state in states.items():
        Course.objects.filter(pk=course.pk).update(state=state, sis_id=f"{state}-1")
    make_course(cast.accounts.elementary, "Ended", end_at=timezone.now() - timedelta(days=1))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Biology", "Chemistry", "Reading", "Ended"]),
        ("state[]=available", ["Reading", "Ended"]),
        ("state[]=created&state[]=claimed", ["Biology"]),
        ("state[]=deleted", ["History"]),
        ("state[]=all", ["Biology", "Chemistry", "History", "Reading", "Ended"]),
        ("published=1", ["Reading", "Ended"]),
        ("published=no", ["Biology", "Chemistry"]),
        ("completed=true", ["Chemistry", "Ended"]),
        ("completed=f", ["Biology", "Reading"]),
        ("with_enrollments=true", ["Biology", "Chemistry", "Reading"]),
        ("with_enrollments=false", ["Ended"]),
        ("enrollment_type[]=teacher&enrollment_type[]=ta", ["Biology"]),
        ("search_term=read", ["Reading"]),
        ("search_term=UNPUBLISHED-1", ["Biology"]),
        ("sort=course_name", ["Biology", "Chemistry", "Ended", "Reading"]),
        ("sort=course_name&order=desc", ["Reading", "Ended", "Chemistry", "Biology"]),
        ("order=desc", ["Ended", "Reading", "Chemistry", "Biology"]),
        ("sort=sis_course_id", ["Chemistry", "Biology", "Reading", "Ended"]),
        ("sort=frobnication", ["Biology", "Chemistry", "Reading", "Ended"]),
        ("by_subaccounts[]=999999", []),
    ],
)  # fmt: skip
def test_filters(cast: Cast, listed, varied: None, query: str, found: list[str]):
    assert _names(listed(query)) == found


def test_by_subaccounts_and_by_id(cast: Cast, listed):
    science = cast.accounts.science.pk
    assert _names(listed(f"by_subaccounts[]={science}")) == ["Biology", "Chemistry"]
    assert _names(listed(f"search_term={cast.courses.reading.pk}")) == ["Reading"]
    # Next door stays next door.
    elsewhere = f"by_subaccounts[]={cast.accounts.elementary.pk}"
    assert _names(listed(elsewhere, by=cast.sub_admin, account=cast.accounts.high)) == []


def test_many_accounts_are_looked_up_at_once(cast: Cast, listed):
    ids = Account.objects.filter(root_account=cast.root).values_list("pk", flat=True)
    many = "&".join(f"by_subaccounts[]={pk}" for pk in ids)
    taken = []
    for query in (many, f"by_subaccounts[]={cast.root.pk}", many):
        with CaptureQueriesContext(connection) as seen:
            _names(listed(query))
        taken.append(len(seen))
    assert taken[2] == taken[1]


def test_deleted_ones_are_for_who_may_restore_them(cast: Cast, listed, varied: None):
    role = make_account_role(cast, "Clerk", "read_course_list")
    make_admin(cast, cast.designer, cast.root, role)
    assert _names(listed("state[]=deleted", by=cast.designer)) == []


def test_who_sees_no_sis_ids_does_not_find_or_sort_by_them(cast: Cast, listed, varied: None):
    role = make_account_role(cast, "Clerk", "read_course_list")
    make_admin(cast, cast.designer, cast.root, role)
    assert _names(listed("search_term=unpublished-1", by=cast.designer)) == []
    assert _names(listed("sort=sis_course_id", by=cast.designer)) == [
        "Biology", "Chemistry", "Reading", "Ended",
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["search_term=x", "state[]=x", "published=perhaps"])
def test_what_makes_no_sense_of_an_account_is_400(cast: Cast, listed, query: str):
    assert listed(query).status_code == 400


def test_pages_and_statements_do_not_grow(cast: Cast, rest, django_assert_max_num_queries):
    for n in range(30):
        course = make_course(cast.root, f"Course {n}")
        enrol(cast, cast.student, course, "StudentEnrollment")
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    parent, admin = rest(cast.observer), rest(cast.root_admin)
    own = "/api/v1/courses?include[]=observed_users&include[]=total_students&per_page="
    of_account = (
        "/api/v1/accounts/self/courses?include[]=total_students&include[]=account&per_page="
    )
    for client, url, most in ((parent, own, 7), (admin, of_account, 5)):
        client.get(url + "2")
        with django_assert_max_num_queries(most):
            assert len(client.get(url + "100").json()) > 30
        answer = client.get(url + "20&page=2")
        assert len(answer.json()) < 20
        assert 'rel="prev"' in answer.headers["Link"]


# --- Adding ---


def _new(client: Any, account: Any, **params: Any) -> Any:
    return client.post(f"/api/v1/accounts/{account.pk}/courses", params, format="json")


def test_a_course_is_added(cast: Cast, rest):
    answer = _new(
        rest(cast.root_admin), cast.accounts.high, offer=True, enroll_me="1",
        course={"name": "Art", "course_code": "ART", "sis_course_id": "art-1", "license": "x",
                "start_at": "2030-01-01T08:00:00-06:00", "end_at": "2030-06-01T08:00:00Z"},
    )  # fmt: skip
    body = answer.json()
    assert (answer.status_code, body["workflow_state"], body["course_code"]) == (
        200,
        "available",
        "ART",
    )
    assert (body["sis_course_id"], body["start_at"]) == ("art-1", "2030-01-01T14:00:00Z")
    assert body["enrollments"][0]["type"] == "teacher"
    made = Course.objects.get(pk=body["id"])
    assert made.account == cast.accounts.high
    assert made.sections.get().is_default


def test_what_is_not_said_of_a_new_course(cast: Cast, rest):
    body = _new(rest(cast.root_admin), cast.root, course={"license": "x"}).json()
    assert (body["name"], body["course_code"]) == ("Unnamed Course", "Unnamed Course")
    assert (body["workflow_state"], body["enrollments"]) == ("unpublished", [])


@pytest.mark.parametrize(
    ("course", "field", "kind"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": "x" * 256}, "name", "max_length"),
        ({"name": "A", "sis_course_id": "taken"}, "sis_course_id", "taken"),
        ({"name": "A", "start_at": "tomorrow"}, "start_at", "invalid"),
        ({"name": "A", "start_at": "2030-02-01", "end_at": "2030-01-01"}, "end_at", "invalid"),
        ({"name": "A", "end_at": "0001-01-01T00:00:00+10:00"}, "end_at", "invalid"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_new_course_is_said(
    cast: Cast, rest, course: Any, field: str, kind: str
):
    Course.objects.filter(pk=cast.courses.reading.pk).update(sis_id="taken")
    before = Course.objects.count()
    answer = _new(rest(cast.root_admin), cast.root, course=course, enroll_me=True)
    assert answer.status_code == 400
    assert answer.json()["errors"][field][0]["type"] == kind
    assert Course.objects.count() == before


@pytest.mark.parametrize("course", ["x", [1], {"name": ["x"]}, {"name": "\0"}, {}])
def test_wrong_types_are_400(cast: Cast, rest, course: Any):
    assert _new(rest(cast.root_admin), cast.root, course=course).status_code == 400


def test_nothing_is_left_of_a_course_that_is_over_before_anyone_teaches_it(cast: Cast, rest):
    answer = _new(
        rest(cast.root_admin), cast.root, enroll_me=True,
        course={"name": "Late", "end_at": "2001-01-01T00:00:00Z"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert not Course.objects.filter(name="Late").exists()
    assert not Section.objects.filter(name="Late").exists()


def test_sis_ids_are_given_by_who_manages_them(cast: Cast, rest):
    Course.objects.filter(pk=cast.courses.reading.pk).update(sis_id="taken")
    for sis_id in ("a", "taken"):  # which of them are taken is not told, either
        answer = _new(
            rest(cast.sub_admin), cast.accounts.high, course={"name": "A", "sis_course_id": sis_id}
        )
        assert answer.status_code == 403
    assert not Course.objects.filter(name="A").exists()


# --- Changing ---


def test_a_course_is_changed(cast: Cast, rest, biology: str):
    answer = rest(cast.root_admin).put(
        biology,
        {"course[name]": "Life", "course[course_code]": "LIF", "course[sis_course_id]": "bio",
         "course[account_id]": cast.accounts.high.pk, "course[event]": "conclude"},
    )  # fmt: skip
    body = answer.json()
    assert (body["name"], body["course_code"], body["sis_course_id"]) == ("Life", "LIF", "bio")
    assert (body["account_id"], body["workflow_state"]) == (cast.accounts.high.pk, "completed")


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        ("offer", "unpublished", "available"),
        ("claim", "available", "unpublished"),
        ("conclude", "available", "completed"),
        ("offer", "completed", "available"),
        ("delete", "available", "deleted"),
        ("undelete", "deleted", "unpublished"),
    ],
)
def test_events(cast: Cast, rest, biology: str, event: str, before: str, after: str):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state=before)
    answer = rest(cast.root_admin).put(biology, {"course[event]": event})
    assert answer.json()["workflow_state"] == after
    cast.courses.biology.refresh_from_db()
    assert cast.courses.biology.state == after


def test_offer_alone_publishes(cast: Cast, rest, biology: str):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="unpublished")
    assert (
        rest(cast.teacher).put(biology, {"offer": "true"}).json()["workflow_state"] == "available"
    )


def test_a_course_comes_back_with_a_new_name(cast: Cast, rest, biology: str):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="deleted")
    params = {"course": {"event": "undelete", "name": "Life"}}
    assert rest(cast.root_admin).put(biology, params, format="json").json()["name"] == "Life"
    # Nobody else hears that it was there.
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="deleted")
    assert rest(cast.teacher).put(biology, params, format="json").status_code == 404


def test_one_thing_that_is_refused_refuses_all(cast: Cast, rest, biology: str):
    for person, params in (
        (cast.teacher, {"name": "Life", "event": "conclude"}),  # may conclude, and not rename
        (cast.sub_admin, {"name": "Life", "sis_course_id": "x"}),
        (cast.sub_admin, {"name": "Life", "account_id": cast.accounts.elementary.pk}),
    ):
        answer = rest(person).put(biology, {"course": params}, format="json")
        assert answer.status_code == 403
        cast.courses.biology.refresh_from_db()
        assert (cast.courses.biology.name, cast.courses.biology.state) == ("Biology", "available")


def test_a_course_is_moved_to_where_the_mover_may_add_one(cast: Cast, rest, biology: str):
    cast.override("AccountAdmin", "manage_courses_add", enabled=False)
    cast.override("AccountAdmin", "manage_courses_add", account=cast.accounts.high)
    client = rest(cast.root_admin)
    for account, status in ((cast.accounts.elementary, 403), (cast.accounts.high, 200)):
        assert client.put(biology, {"course[account_id]": account.pk}).status_code == status
    cast.courses.biology.refresh_from_db()
    assert cast.courses.biology.account == cast.accounts.high


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"name": ""}, "name"), ({"course_code": ""}, "course_code"), ({"event": "x"}, "event"),
        ({"account_id": 999999}, "account_id"), ({"account_id": "sis_account_id:el"}, "account_id"),
        ({"end_at": "x", "name": "Life"}, "end_at"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_change_is_said(
    cast: Cast, rest, biology: str, params: Any, field: str
):
    type(cast.root).objects.filter(pk=cast.accounts.elementary.pk).update(sis_id="el")
    answer = rest(cast.sub_admin).put(biology, {"course": params}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    cast.courses.biology.refresh_from_db()
    assert cast.courses.biology.name == "Biology"


def test_what_can_t_be_done_in_its_state_is_400(cast: Cast, rest, biology: str):
    answer = rest(cast.root_admin).put(biology, {"course[event]": "undelete", "course[name]": "X"})
    assert answer.status_code == 400
    cast.courses.biology.refresh_from_db()
    assert cast.courses.biology.name == "Biology"


def test_a_course_does_not_come_back_into_an_account_that_is_deleted(
    cast: Cast, rest, biology: str
):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="deleted")
    Account.objects.filter(pk=cast.accounts.science.pk).update(state="deleted")
    answer = rest(cast.root_admin).put(biology, {"course[event]": "undelete"})
    assert answer.status_code == 400
    cast.courses.biology.refresh_from_db()
    assert cast.courses.biology.state == "deleted"


def test_a_course_that_was_deleted_since_it_was_read_is_not_changed(cast: Cast):
    course = cast.courses.biology
    Course.objects.filter(pk=course.pk).update(state="deleted")
    with pytest.raises(Denied):
        update_course(actor=cast.actor(cast.root_admin), course=course, fields={"name": "Life"})
    assert Course.objects.get(pk=course.pk).name == "Biology"


# --- Ending ---


@pytest.mark.parametrize(
    ("event", "body", "state"),
    [("delete", {"delete": True}, "deleted"), ("conclude", {"conclude": True}, "completed")],
)
def test_a_course_is_ended_by_a_form_in_the_body(
    cast: Cast, rest, biology: str, event, body, state
):
    answer = rest(cast.root_admin).delete(
        biology, f"event={event}", content_type="application/x-www-form-urlencoded"
    )
    assert answer.json() == body
    cast.courses.biology.refresh_from_db()
    assert cast.courses.biology.state == state


@pytest.mark.parametrize("query", ["", "?event=", "?event=explode"])
def test_an_event_is_needed_to_end_a_course(cast: Cast, rest, biology: str, query: str):
    assert rest(cast.root_admin).delete(biology + query).status_code == 400
    cast.courses.biology.refresh_from_db()
    assert cast.courses.biology.state == "available"


def test_a_teacher_concludes_and_does_not_delete(cast: Cast, rest, biology: str):
    assert rest(cast.teacher).delete(f"{biology}?event=delete").status_code == 403
    assert rest(cast.teacher).delete(f"{biology}?event=conclude").status_code == 200
    assert rest(cast.student).delete(f"{biology}?event=conclude").status_code == 403
