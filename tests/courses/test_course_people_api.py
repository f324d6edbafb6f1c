"""The people and sections of a course over REST (contract §7.1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from courses.actions import create_section, update_section
from courses.models import Course, Enrolment, Section
from pairing.actions import link
from permissions.policy import Denied
from tests.cast import Cast, enrol, make_account_role, make_admin, make_course, make_user

PLAIN = {"id", "name", "created_at", "sortable_name", "short_name"}


@pytest.fixture
def people(cast: Cast, rest):
    """The names of the people in Biology; of the teacher's list unless told."""

    def get(query: str = "", by: User | None = None) -> list[str]:
        url = f"/api/v1/courses/{cast.courses.biology.pk}/users?per_page=100&{query}"
        answer = rest(by or cast.teacher).get(url)
        assert answer.status_code == 200, answer.json()
        return [one["name"] for one in answer.json()]

    return get


ALL = ["Ben Ito", "Dana Kim", "Tia Moreno", "Ada Okafor", "Tomas Varga"]


def test_the_people_by_name(cast: Cast, people, rest):
    assert people() == people(by=cast.student) == ALL
    url = f"/api/v1/courses/{cast.courses.biology.pk}/search_users?per_page=1&page=2"
    assert [one["name"] for one in rest(cast.student).get(url).json()] == ["Dana Kim"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("enrollment_type[]=student", ["Ben Ito", "Ada Okafor"]),
        ("enrollment_type[]=ta&enrollment_type[]=designer", ["Dana Kim", "Tia Moreno"]),
        ("enrollment_state[]=rejected", ["Joy Okafor"]),
        ("enrollment_state[]=completed&enrollment_state[]=inactive", ["Elena Price"]),
        ("enrollment_state[]=invited", ["Cora Lind"]),
        ("search_term=oka", ["Ada Okafor"]),
        ("search_term=oka&enrollment_type=teacher", []),
        ("search_term=ada.oka", ["Ada Okafor"]),
        ("search_term=s-ada", ["Ada Okafor"]),
        ("sort=sis_id&enrollment_type[]=student", ["Ada Okafor", "Ben Ito"]),
        ("order=desc&enrollment_type[]=student", ["Ada Okafor", "Ben Ito"]),
        ("user_ids[]=0", []),
    ],
)
def test_which_are_listed(cast: Cast, people, query: str, found: list[str]):
    for user, state in (
        (cast.observer, "rejected"), (cast.neighbour_admin, "inactive"),
        (cast.elsewhere, "invited"), (cast.root_admin, "deleted"),
    ):  # fmt: skip
        enrol(cast, user, cast.courses.biology, "StudentEnrollment", state)
    assert [name for name in people(query) if name != "Cora Lind" or "Cora Lind" in found] == found


def test_by_ids_and_role(cast: Cast, people):
    assert people(f"user_ids[]={cast.ta.pk}&user_ids[]={cast.elsewhere.pk}") == ["Tia Moreno"]
    assert people(f"search_term={cast.ta.pk}") == ["Tia Moreno"]
    role = cast.roles["TeacherEnrollment"].pk
    assert people(f"enrollment_role_id={role}") == ["Tomas Varga"]


@pytest.mark.parametrize(
    "query",
    [
        "search_term=ok", "enrollment_type=king", "enrollment_state=deleted", "user_ids[]=x",
        "enrollment_role_id=9999999999999999999", "user_ids[]=1%00",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_400(cast: Cast, rest, query: str):
    url = f"/api/v1/courses/{cast.courses.biology.pk}/users?{query}"
    assert rest(cast.teacher).get(url).status_code == 400


def test_what_is_told_of_them_is_what_one_sees_in_the_course(cast: Cast, rest):
    User.objects.filter(pk=cast.student.pk).update(email="ada@x.example")
    url = (
        f"/api/v1/courses/{cast.courses.biology.pk}/users/{cast.student.pk}"
        "?include[]=email&include[]=uuid&include[]=avatar_url&include[]=bio&include[]=locked"
    )
    more = {"uuid", "avatar_url", "bio", "locked"}
    assert set(rest(cast.classmate).get(url).json()) == PLAIN | more
    seen = rest(cast.teacher).get(url).json()
    assert set(seen) == PLAIN | more | {"email", "login_id", "sis_user_id", "integration_id"}
    assert (seen["login_id"], seen["email"]) == ("ada.okafor", "ada@x.example")
    assert "sis_user_id" not in rest(cast.ta).get(url).json()
    assert "sis_import_id" in rest(cast.root_admin).get(url).json()


def test_nobody_searches_in_what_they_do_not_see(cast: Cast, people):
    for text in ("ada.okafor", "s-ada"):
        assert people(f"search_term={text}", by=cast.classmate) == []
    assert people("sort=sis_id", by=cast.classmate) == ALL


def test_classmates_see_no_observers_and_nobody_who_is_only_invited(cast: Cast, people, rest):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "invited")
    assert {"Joy Okafor", "Cora Lind"} < set(people())
    assert people(by=cast.classmate) == ALL
    assert "Joy Okafor" in people(by=cast.student)
    url = f"/api/v1/courses/{cast.courses.biology.pk}/users/{cast.observer.pk}"
    assert rest(cast.classmate).get(url).status_code == 404
    assert people("enrollment_state[]=rejected", by=cast.classmate) == []


def test_observers_do_not_read_the_roster(cast: Cast, rest):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    for path in ("users", f"users/{cast.student.pk}", "search_users", "sections"):
        url = f"/api/v1/courses/{cast.courses.biology.pk}/{path}"
        assert rest(cast.observer).get(url).status_code == 403


def test_their_enrolments(cast: Cast, rest):
    url = f"/api/v1/courses/{cast.courses.biology.pk}/users?include[]=enrollments"
    by_name = {one["name"]: one["enrollments"] for one in rest(cast.teacher).get(url).json()}
    [adas] = by_name["Ada Okafor"]
    assert (adas["course_id"], adas["type"]) == (cast.courses.biology.pk, "StudentEnrollment")
    assert adas["sis_user_id"] == "s-ada"
    seen = rest(cast.classmate).get(url).json()[0]["enrollments"][0]
    assert "sis_user_id" not in seen


@pytest.mark.parametrize("text", ["{pk}", "sis_user_id:s-ada", "sis_login_id:ada.okafor", "self"])
def test_one_by_any_id(cast: Cast, rest, text: str):
    by = cast.student if text == "self" else cast.teacher
    url = f"/api/v1/courses/{cast.courses.biology.pk}/users/{text.format(pk=cast.student.pk)}"
    assert rest(by).get(url).json()["id"] == cast.student.pk


def test_who_is_not_in_it_is_404(cast: Cast, rest):
    for user in (cast.elsewhere, cast.stranger, cast.root_admin):
        url = f"/api/v1/courses/{cast.courses.biology.pk}/users/{user.pk}"
        assert rest(cast.root_admin).get(url).status_code == 404


def test_the_statements_do_not_grow(cast: Cast, rest, django_assert_max_num_queries):
    for n in range(40):
        enrol(cast, make_user(cast.root, f"Child {n:02}", password="!"), cast.courses.biology,
              "StudentEnrollment")  # fmt: skip
    client, course = rest(cast.teacher), cast.courses.biology.pk
    users = f"/api/v1/courses/{course}/users?include[]=enrollments&include[]=email&per_page="
    enrolments = f"/api/v1/courses/{course}/enrollments?include[]=can_be_removed&per_page="
    for url, most in ((users, 7), (enrolments, 7)):
        client.get(url + "2")
        with django_assert_max_num_queries(most):
            assert len(client.get(url + "100").json()) > 40


# --- Sections ---


def _sections(course: Course) -> str:
    return f"/api/v1/courses/{course.pk}/sections"


def test_sections_are_listed_and_counted(cast: Cast, rest):
    for n in range(12):
        Section.objects.create(root_account=cast.root, course=cast.courses.biology, name=f"A{n:02}")
    Section.objects.filter(name="A00").update(state="deleted")
    url = _sections(cast.courses.biology) + "?include[]=total_students"
    answer = rest(cast.student).get(url)
    assert [one["name"] for one in answer.json()][:2] == ["A01", "A02"]
    assert 'rel="next"' in answer.headers["Link"]
    [own] = [
        one for one in rest(cast.student).get(url + "&page=2").json() if one["name"] == "Biology"
    ]
    assert own["total_students"] == 2
    assert set(own) == {
        "id", "name", "course_id", "nonxlist_course_id", "start_at", "end_at", "created_at",
        "restrict_enrollments_to_section_dates", "total_students",
    }  # fmt: skip


def test_the_statements_for_sections_do_not_grow(cast: Cast, rest, django_assert_max_num_queries):
    for n in range(30):
        Section.objects.create(root_account=cast.root, course=cast.courses.biology, name=f"A{n:02}")
    url = _sections(cast.courses.biology) + "?include[]=total_students&per_page=100"
    client = rest(cast.student)
    client.get(url)
    with django_assert_max_num_queries(5):
        assert len(client.get(url).json()) == 31


def test_a_section_is_added_changed_and_deleted(cast: Cast, rest):
    client, course = rest(cast.root_admin), cast.courses.biology
    made = client.post(
        _sections(course),
        {"course_section": {"name": "B", "sis_section_id": "b-1", "start_at": "2030-01-01"}},
        format="json",
    ).json()
    assert (made["name"], made["sis_section_id"], made["course_id"]) == ("B", "b-1", course.pk)
    assert made["start_at"] == "2030-01-01T00:00:00Z"
    url = "/api/v1/sections/sis_section_id:b-1"
    assert client.get(url).json() == made
    assert client.get(f"{_sections(course)}/{made['id']}").json() == made
    assert client.get(f"{_sections(cast.courses.history)}/{made['id']}").status_code == 404
    changed = client.put(url, {"course_section[name]": "C", "course_section[integration_id]": "i"})
    assert (changed.json()["name"], changed.json()["integration_id"]) == ("C", "i")
    assert client.delete(url).json()["id"] == made["id"]
    assert client.get(url).status_code == 404


def test_who_may_change_sections(cast: Cast, rest):
    section = Section.objects.create(root_account=cast.root, course=cast.courses.biology, name="B")
    url = f"/api/v1/sections/{section.pk}"
    for person, status in ((cast.ta, 403), (cast.student, 403), (cast.neighbour_admin, 403)):
        assert rest(person).put(url, {"course_section[name]": "C"}).status_code == status
        assert rest(person).delete(url).status_code == status
        new = rest(person).post(_sections(cast.courses.biology), {"course_section[name]": "C"})
        assert new.status_code == status
    assert rest(cast.teacher).put(url, {"course_section[name]": "C"}).status_code == 200
    # SIS ids are not a teacher's to give.
    sis = rest(cast.teacher).put(
        url, {"course_section[sis_section_id]": "x", "course_section[name]": "D"}
    )
    section.refresh_from_db()
    assert (sis.status_code, section.name) == (403, "C")
    assert rest(cast.teacher).delete(url).status_code == 200


@pytest.mark.parametrize(
    "key", ["manage_sections_add", "manage_sections_edit", "manage_sections_delete"]
)
def test_who_manages_sections_sees_them(cast: Cast, rest, key: str):
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Planner", key))
    assert rest(cast.observer).get(_sections(cast.courses.biology)).status_code == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"sis_section_id": "n"}, "name"), ({"name": ""}, "name"), ({"name": "x" * 256}, "name"),
        ({"name": "A", "sis_section_id": "taken"}, "sis_section_id"),
        ({"name": "A", "end_at": "x"}, "end_at"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_section_is_said(cast: Cast, rest, given: Any, field: str):
    cast.courses.history.sections.update(sis_id="taken")
    answer = rest(cast.root_admin).post(
        _sections(cast.courses.biology), {"course_section": given}, format="json"
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert cast.courses.biology.sections.count() == 1


def test_a_section_with_people_stays(cast: Cast, rest):
    section = Section.objects.create(root_account=cast.root, course=cast.courses.biology, name="B")
    Enrolment.objects.filter(user=cast.student, course=cast.courses.biology).update(section=section)
    for one in (section, cast.courses.biology.sections.get(is_default=True)):
        answer = rest(cast.root_admin).delete(f"/api/v1/sections/{one.pk}")
        assert (answer.status_code, list(answer.json())) == (400, ["message"])
        one.refresh_from_db()
        assert one.state == "active"


def test_the_section_that_a_course_has_from_the_start_stays_even_without_people(cast: Cast, rest):
    section = make_course(cast.root, "Empty").sections.get()
    answer = rest(cast.root_admin).delete(f"/api/v1/sections/{section.pk}")
    assert (answer.status_code, list(answer.json())) == (400, ["message"])
    section.refresh_from_db()
    assert section.state == "active"


def test_sections_of_a_course_that_was_deleted_since_it_was_read_stay_as_they_are(cast: Cast):
    course, actor = cast.courses.biology, cast.actor(cast.root_admin)
    Course.objects.filter(pk=course.pk).update(state="deleted")
    with pytest.raises(Denied):
        create_section(actor=actor, course=course, name="B")
    with pytest.raises(Denied):
        update_section(actor=actor, section=course.sections.get(), fields={"name": "B"})
    assert course.sections.get().name == "Biology"


@pytest.mark.parametrize("text", ["sis_section_id:s", "999999", str(2**63), "9" * 30, "x", "self"])
def test_a_section_that_is_not_there_or_not_to_be_heard_of(cast: Cast, rest, text: str):
    cast.courses.reading.sections.update(sis_id="s")
    assert rest(cast.teacher).get(f"/api/v1/sections/{text}").status_code == 404
    Course.objects.filter(pk=cast.courses.reading.pk).update(
        state="deleted", updated_at=timezone.now()
    )
    section = cast.courses.reading.sections.get()
    assert rest(cast.root_admin).get(f"/api/v1/sections/{section.pk}").status_code == 404
