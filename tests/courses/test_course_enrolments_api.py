"""The enrolments of a course over REST: listed, made, ended, answered (contract §7.2 to §7.4)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from courses.models import Course, Enrolment, Section
from pairing.actions import link
from pairing.models import ObservationLink
from permissions.models import Role
from tests.cast import Cast, enrol, make_account_role, make_admin
from tests.courses.test_enrolments_api import KEYS, OWN, SIS

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def biology(cast: Cast) -> str:
    return f"/api/v1/courses/{cast.courses.biology.pk}/enrollments"


def _people(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [one["user"]["name"] for one in answer.json()]


# --- Lists ---

ALL = ["Ben Ito", "Dana Kim", "Tia Moreno", "Ada Okafor", "Tomas Varga"]


def test_the_enrolments_of_a_course(cast: Cast, rest, biology: str):
    for person in (cast.root_admin, cast.teacher, cast.student):
        assert _people(rest(person).get(biology)) == ALL
    by_teacher = rest(cast.teacher).get(biology).json()
    assert set(by_teacher[0]) == KEYS | SIS | {"grades"}
    assert set(by_teacher[4]) == KEYS | SIS | OWN
    assert by_teacher[3]["user"]["login_id"] == "ada.okafor"
    by_student = rest(cast.student).get(biology).json()
    assert set(by_student[0]) == KEYS | {"grades"}
    assert "login_id" not in by_student[0]["user"]


def test_a_section_lists_its_own(cast: Cast, rest):
    section = Section.objects.create(root_account=cast.root, course=cast.courses.biology, name="B")
    Enrolment.objects.filter(user=cast.student, course=cast.courses.biology).update(section=section)
    url = f"/api/v1/sections/{section.pk}/enrollments"
    assert _people(rest(cast.teacher).get(url)) == ["Ada Okafor"]
    assert rest(cast.elsewhere).get(url).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type[]=StudentEnrollment", ["Ben Ito", "Ada Okafor"]),
        ("role[]=TaEnrollment&role[]=DesignerEnrollment", ["Dana Kim", "Tia Moreno"]),
        ("state[]=rejected&state[]=deleted", ["Cora Lind", "Elena Price"]),
        ("state[]=current_and_concluded&type[]=ObserverEnrollment", ["Joy Okafor"]),
        ("sis_user_id[]=s-ada", ["Ada Okafor"]),
        ("sis_section_id[]=nowhere", []),
        ("user_id={ta}", ["Tia Moreno"]),
        ("user_id=sis_user_id:s-ada", ["Ada Okafor"]),
        ("user_id=999999", []),
        ("role_id[]={teacher_role}", ["Tomas Varga"]),
        ("role_id[]=x", []),
    ],
)
def test_filters(cast: Cast, rest, biology: str, query: str, found: list[str]):
    enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "rejected")
    enrol(cast, cast.neighbour_admin, cast.courses.biology, "StudentEnrollment", "deleted")
    enrol(cast, cast.observer, cast.courses.biology, "ObserverEnrollment", "completed")
    query = query.format(ta=cast.ta.pk, teacher_role=cast.roles["TeacherEnrollment"].pk)
    assert _people(rest(cast.teacher).get(f"{biology}?{query}")) == found


def test_who_sees_no_sis_ids_finds_nobody_by_them(cast: Cast, rest, biology: str):
    assert _people(rest(cast.classmate).get(f"{biology}?sis_user_id[]=s-ada")) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state[]=x", {"error": "Invalid state x"}),
        ("role[]=King", {"error": "Invalid role King"}),
        ("type[a]=b", {"errors": [{"message": "type must be a list"}]}),
        ("user_id[]=1", {"errors": [{"message": "user_id must be a text"}]}),
    ],
)
def test_what_makes_no_sense_is_400(cast: Cast, rest, biology: str, query: str, said: Any):
    answer = rest(cast.teacher).get(f"{biology}?{query}")
    assert (answer.status_code, answer.json()) == (400, said)


def test_who_declined_or_was_removed_is_for_who_oversees_the_course(cast: Cast, rest, biology: str):
    enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "rejected")
    enrol(cast, cast.observer, cast.courses.biology, "StudentEnrollment", "deleted")
    url = f"{biology}?state[]=rejected&state[]=deleted&state[]=inactive"
    assert _people(rest(cast.teacher).get(url)) == ["Cora Lind", "Joy Okafor"]
    for person in (cast.ta, cast.student):
        assert _people(rest(person).get(url)) == []


def test_deleted_people_are_not_told(cast: Cast, rest, biology: str):
    Enrolment.objects.filter(user=cast.classmate, course=cast.courses.biology).update(
        state="deleted"
    )
    User.objects.filter(pk=cast.classmate.pk).update(state="deleted")
    assert _people(rest(cast.teacher).get(f"{biology}?state[]=deleted")) == []


def test_classmates_see_no_observers_nor_invited(cast: Cast, rest, biology: str):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "invited")
    assert {"Joy Okafor", "Cora Lind"} < set(_people(rest(cast.teacher).get(biology)))
    assert _people(rest(cast.classmate).get(biology)) == ALL


def test_an_observer_gets_their_own_and_their_students(cast: Cast, rest, biology: str):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    answer = rest(cast.observer).get(f"{biology}?include[]=observed_users")
    assert _people(answer) == ["Ada Okafor", "Joy Okafor"]
    [_, own] = answer.json()
    assert own["observed_user"]["id"] == cast.student.pk
    assert own["observed_user"]["enrollments"][0]["user_id"] == cast.student.pk
    # A former observer, too.
    Enrolment.objects.filter(user=cast.observer, course=cast.courses.biology).update(
        state="completed"
    )
    assert _people(rest(cast.observer).get(f"{biology}?state[]=completed")) == ["Joy Okafor"]
    Enrolment.objects.filter(user=cast.observer).update(state="deleted")
    assert rest(cast.observer).get(biology).status_code == 403


def test_a_suspended_observer_gets_nothing_of_the_course(cast: Cast, rest, biology: str):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    places = Enrolment.objects.filter(user=cast.observer, course=cast.courses.biology)
    places.update(state="inactive")
    for query in ("", "?state[]=active&state[]=inactive"):
        assert rest(cast.observer).get(biology + query).status_code == 403
    everywhere = rest(cast.observer).get("/api/v1/courses?include[]=observed_users").json()
    assert [course["name"] for course in everywhere] == ["History"]


def test_what_one_may_remove_is_told(cast: Cast, rest, biology: str):
    def answers(by: User) -> dict[str, bool]:
        rows = rest(by).get(f"{biology}?include[]=can_be_removed").json()
        return {row["user"]["name"]: row["can_be_removed"] for row in rows}

    assert set(answers(cast.teacher).values()) == {True}
    assert answers(cast.ta)["Ada Okafor"]
    assert not answers(cast.ta)["Tomas Varga"]
    assert set(answers(cast.student).values()) == {False}


def test_a_parent_does_not_hear_whom_their_child_observes(cast: Cast, rest):
    actor = cast.actor(cast.root_admin)
    link(actor=actor, observer=cast.observer, student=cast.student)
    link(actor=actor, observer=cast.student, student=cast.classmate)
    url = f"/api/v1/users/{cast.student.pk}/enrollments?include[]=observed_users&per_page=100"
    told = rest(cast.observer).get(url).json()
    assert {(row["type"], row["associated_user_id"]) for row in told} == {
        ("StudentEnrollment", None)
    }
    for person in (cast.student, cast.root_admin):
        assert any("observed_user" in row for row in rest(person).get(url).json())


# --- New ones ---


def _enrol(client: Any, url: str, **given: Any) -> Any:
    return client.post(url, {"enrollment": given}, format="json")


def test_an_administrator_enrols_at_once(cast: Cast, rest, biology: str):
    answer = _enrol(
        rest(cast.root_admin), biology, user_id=cast.elsewhere.pk, type="TaEnrollment",
        enrollment_state="active", limit_privileges_to_course_section=True,
        start_at="2030-01-01T00:00:00Z", notify=True,
    )  # fmt: skip
    body = answer.json()
    assert set(body) == (KEYS | SIS | {"sis_import_id"}) - {"user"}
    assert (body["user_id"], body["type"], body["enrollment_state"]) == (
        cast.elsewhere.pk, "TaEnrollment", "active",
    )  # fmt: skip
    assert (body["limit_privileges_to_course_section"], body["start_at"]) == (
        True, "2030-01-01T00:00:00Z",
    )  # fmt: skip
    made = Enrolment.objects.get(pk=body["id"])
    assert made.activated_at is not None


def test_invited_is_the_default_and_counts_for_nothing(cast: Cast, rest, biology: str):
    body = _enrol(rest(cast.root_admin), biology, user_id=cast.elsewhere.pk).json()
    assert (body["type"], body["enrollment_state"]) == ("StudentEnrollment", "invited")
    assert Enrolment.objects.get(pk=body["id"]).activated_at is None


@pytest.mark.parametrize("state", ["active", "inactive", "invited"])
def test_a_course_role_only_invites(cast: Cast, rest, state: str):
    url = f"/api/v1/courses/{cast.courses.history.pk}/enrollments"
    body = _enrol(rest(cast.teacher), url, user_id=cast.classmate.pk, enrollment_state=state).json()
    assert body["enrollment_state"] == "invited"
    made = Enrolment.objects.get(pk=body["id"])
    assert made.activated_at is None


def test_a_course_role_enrols_nobody_whom_it_does_not_see(cast: Cast, rest, biology: str):
    for text, status in (
        (str(cast.elsewhere.pk), 403), ("sis_login_id:cora.lind", 404), ("sis_user_id:none", 404),
        (str(cast.stranger.pk), 404), ("999999", 404), ("9" * 30, 404),
    ):  # fmt: skip
        assert _enrol(rest(cast.teacher), biology, user_id=text).status_code == status, text
    assert not Enrolment.objects.filter(user=cast.elsewhere, course=cast.courses.biology).exists()


def test_an_administrator_names_anybody_by_login(cast: Cast, rest, biology: str):
    answer = _enrol(rest(cast.sub_admin), biology, user_id="sis_login_id:cora.lind")
    assert answer.json()["user_id"] == cast.elsewhere.pk


def test_the_same_again_is_the_same_row(cast: Cast, rest, biology: str):
    first, second = (
        _enrol(rest(cast.root_admin), biology, user_id=cast.elsewhere.pk).json() for _ in range(2)
    )
    assert first["id"] == second["id"]


def test_a_section_is_named_or_is_where_one_asks(cast: Cast, rest, biology: str):
    section = Section.objects.create(
        root_account=cast.root, course=cast.courses.biology, name="B", sis_id="b"
    )
    admin = rest(cast.root_admin)
    for text in (section.pk, "sis_section_id:b"):
        body = _enrol(admin, biology, user_id=cast.elsewhere.pk, course_section_id=text).json()
        assert body["course_section_id"] == section.pk
    url = f"/api/v1/sections/{section.pk}/enrollments"
    body = _enrol(admin, url, user_id=cast.observer.pk).json()
    assert (body["course_section_id"], body["course_id"]) == (section.pk, cast.courses.biology.pk)
    elsewhere = cast.courses.history.sections.get().pk
    answer = _enrol(admin, biology, user_id=cast.observer.pk, course_section_id=elsewhere)
    assert answer.status_code == 404


def _role(cast: Cast, label: str, base: str, **more: Any) -> Role:
    account = more.pop("account", cast.root)
    return Role.objects.create(
        root_account=cast.root, account=account, label=label, base_role=base, **more
    )


def test_by_role(cast: Cast, rest, biology: str):
    role, admin = _role(cast, "Tutor", "TaEnrollment"), rest(cast.root_admin)
    for given in (
        {"role_id": role.pk},
        {"role": "Tutor"},
        {"role_id": role.pk, "type": "TaEnrollment"},
    ):
        body = _enrol(admin, biology, user_id=cast.elsewhere.pk, **given).json()
        assert (body["role"], body["role_id"], body["type"]) == ("Tutor", role.pk, "TaEnrollment")


INACTIVE = "Cannot create an enrollment with this role because it is inactive."
NO_USER = (
    "Can't create an enrollment without a user. Include enrollment[user_id] to create an enrollment"
)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "No parameters given"),
        ({"type": "StudentEnrollment"}, NO_USER),
        ({"type": "King"}, f"{NO_USER}, Invalid type"),
        ({"user_id": "{user}", "type": "AccountAdmin"}, "Invalid type"),
        ({"user_id": "{user}", "role_id": "999999"}, "Invalid role"),
        ({"user_id": "{user}", "role_id": "x"}, "Invalid role"),
        ({"user_id": "{user}", "role": "Nobody"}, "Invalid role"),
        ({"user_id": "{user}", "role": "Next door"}, "Invalid role"),
        ({"user_id": "{user}", "role": "AccountAdmin"}, "Invalid role"),
        ({"user_id": "{user}", "role": "Gone"}, INACTIVE),
        (
            {"user_id": "{user}", "role": "Tutor", "type": "StudentEnrollment"},
            "The specified type must match the base type for the role",
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_contracts_words(
    cast: Cast, rest, biology: str, given: dict[str, str], message: str
):
    _role(cast, "Tutor", "TaEnrollment")
    _role(cast, "Gone", "TaEnrollment", state="inactive")
    _role(cast, "Next door", "TaEnrollment", account=cast.accounts.elementary)
    given = {name: text.format(user=cast.elsewhere.pk) for name, text in given.items()}
    answer = _enrol(rest(cast.root_admin), biology, **given)
    assert (answer.status_code, answer.json()) == (400, {"message": message})


def test_nobody_gets_into_a_course_that_is_over(cast: Cast, rest, biology: str):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="completed")
    answer = _enrol(rest(cast.root_admin), biology, user_id=cast.elsewhere.pk)
    assert answer.json() == {"message": "Can't add an enrollment to a concluded course."}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"enrollment_state": "deleted"}, "enrollment_state"),
        ({"start_at": "soon"}, "start_at"),
        ({"start_at": "2030-02-01", "end_at": "2030-01-01"}, "end_at"),
    ],
)
def test_wrong_values_are_told_by_field(cast: Cast, rest, biology: str, given: Any, field: str):
    answer = _enrol(rest(cast.root_admin), biology, user_id=cast.elsewhere.pk, **given)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize(
    "given", ["x", [1], {"user_id": [1]}, {"user_id": 1.5}, {"user_id": "\0"},
              {"user_id": 1, "limit_privileges_to_course_section": "perhaps"}],
)  # fmt: skip
def test_wrong_types_are_400(cast: Cast, rest, biology: str, given: Any):
    answer = rest(cast.root_admin).post(biology, {"enrollment": given}, format="json")
    assert answer.status_code == 400


def test_who_may_enrol_whom(cast: Cast, rest):
    url = f"/api/v1/courses/{cast.courses.biology.pk}/enrollments"
    for person, type_, status in (
        (cast.ta, "StudentEnrollment", 200), (cast.ta, "TeacherEnrollment", 403),
        (cast.student, "StudentEnrollment", 403), (cast.elsewhere, "StudentEnrollment", 403),
    ):  # fmt: skip
        assert _enrol(rest(person), url, user_id=person.pk, type=type_).status_code == status


# --- No other door for observers (spec/pairing.md "The link") ---


def _observe(cast: Cast, client: Any, observer: User | None = None) -> Any:
    url = f"/api/v1/courses/{cast.courses.biology.pk}/enrollments"
    return _enrol(
        client, url, user_id=(observer or cast.classmate).pk, type="ObserverEnrollment",
        associated_user_id=cast.student.pk, enrollment_state="active",
    )  # fmt: skip


def _is_beside(cast: Cast) -> bool:
    return Enrolment.objects.filter(associated_user=cast.student).exists()


def test_a_course_role_attaches_no_observer_to_a_student(cast: Cast, rest):
    assert _observe(cast, rest(cast.teacher)).status_code == 403
    assert not _is_beside(cast)


def test_an_administrator_below_the_root_attaches_none_either(cast: Cast, rest):
    # Managing observers is a right of the root account.
    assert _observe(cast, rest(cast.sub_admin)).status_code == 403
    role = make_account_role(cast, "Enroller", "add_observer_to_course", "read_roster")
    make_admin(cast, cast.designer, cast.root, role)
    assert _observe(cast, rest(cast.designer)).status_code == 403
    assert not _is_beside(cast)


def test_who_manages_observers_does(cast: Cast, rest):
    body = _observe(cast, rest(cast.root_admin)).json()
    assert (body["associated_user_id"], body["enrollment_state"]) == (cast.student.pk, "active")
    assert not ObservationLink.objects.exists()


def test_with_a_link_a_course_role_invites(cast: Cast, rest):
    ObservationLink.objects.create(
        root_account=cast.root, observer=cast.classmate, student=cast.student
    )
    body = _observe(cast, rest(cast.teacher)).json()
    assert (body["associated_user_id"], body["enrollment_state"]) == (cast.student.pk, "invited")
    ObservationLink.objects.update(state="deleted")
    Enrolment.objects.filter(associated_user=cast.student).delete()
    assert _observe(cast, rest(cast.teacher)).status_code == 403


def test_a_student_whom_one_does_not_see_is_not_named(cast: Cast, rest):
    ObservationLink.objects.create(
        root_account=cast.root, observer=cast.classmate, student=cast.elsewhere
    )
    url = f"/api/v1/courses/{cast.courses.biology.pk}/enrollments"
    for text, status in ((str(cast.elsewhere.pk), 403), ("sis_login_id:cora.lind", 404)):
        answer = _enrol(
            rest(cast.teacher), url, user_id=cast.classmate.pk, type="ObserverEnrollment",
            associated_user_id=text,
        )  # fmt: skip
        assert answer.status_code == status


def test_nobody_observes_themself(cast: Cast, rest):
    answer = _observe(cast, rest(cast.root_admin), cast.student)
    assert (answer.status_code, answer.json()) == (400, {"message": "Cannot observe yourself"})


def test_observers_alone_name_a_student(cast: Cast, rest, biology: str):
    body = _enrol(
        rest(cast.root_admin), biology, user_id=cast.elsewhere.pk, type="TaEnrollment",
        associated_user_id=cast.student.pk,
    ).json()  # fmt: skip
    assert body["associated_user_id"] is None


def test_a_place_in_a_further_role_ends_with_the_students(cast: Cast, rest, biology: str):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    role = _role(cast, "Guardian", "ObserverEnrollment")
    _enrol(
        rest(cast.root_admin), biology, user_id=cast.observer.pk, role_id=role.pk,
        associated_user_id=cast.student.pk, enrollment_state="active",
    )  # fmt: skip
    there = Enrolment.objects.filter(associated_user=cast.student, course=cast.courses.biology)
    assert there.filter(state="active").count() == 2
    place = cast.enrolment(cast.student, cast.courses.biology)
    rest(cast.teacher).delete(f"{biology}/{place.pk}", "task=delete", content_type=FORM)
    assert set(there.values_list("state", flat=True)) == {"deleted"}


# --- Ending ---


@pytest.fixture
def adas(cast: Cast) -> Enrolment:
    return cast.enrolment(cast.student, cast.courses.biology)


@pytest.mark.parametrize(
    ("task", "state"),
    [
        ("", "completed"), ("task=conclude", "completed"), ("task=delete", "deleted"),
        ("task=inactivate", "inactive"), ("task=deactivate", "inactive"),
    ],
)  # fmt: skip
def test_a_place_is_ended_by_a_form_in_the_body(
    cast: Cast, rest, biology: str, adas: Enrolment, task: str, state: str
):
    for _ in range(2):  # again: it is so already
        answer = rest(cast.teacher).delete(f"{biology}/{adas.pk}", task, content_type=FORM)
        assert (answer.status_code, answer.json()["enrollment_state"]) == (200, state)
    adas.refresh_from_db()
    assert adas.state == state


def test_ends_that_can_t_be(cast: Cast, rest, biology: str, adas: Enrolment):
    url, teacher = f"{biology}/{adas.pk}", rest(cast.teacher)
    assert teacher.delete(url, "task=explode", content_type=FORM).status_code == 400
    Enrolment.objects.filter(pk=adas.pk).update(state="deleted")
    answer = teacher.delete(url, "task=conclude", content_type=FORM)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    adas.refresh_from_db()
    assert adas.state == "deleted"


def test_reactivating(cast: Cast, rest, biology: str, adas: Enrolment):
    url, teacher = f"{biology}/{adas.pk}", rest(cast.teacher)
    answer = teacher.put(f"{url}/reactivate")
    assert (answer.status_code, answer.json()) == (400, {"error": "enrollment not inactive"})
    teacher.delete(url, "task=inactivate", content_type=FORM)
    assert teacher.put(f"{url}/reactivate").json()["enrollment_state"] == "active"


def test_who_may_end_it(cast: Cast, rest, biology: str, adas: Enrolment):
    for person, status in ((cast.student, 403), (cast.classmate, 403), (cast.elsewhere, 403)):
        assert rest(person).delete(f"{biology}/{adas.pk}").status_code == status
    teachers = cast.enrolment(cast.teacher, cast.courses.biology)
    assert rest(cast.ta).delete(f"{biology}/{teachers.pk}").status_code == 403
    Enrolment.objects.filter(pk=teachers.pk).update(state="inactive")
    assert rest(cast.ta).put(f"{biology}/{teachers.pk}/reactivate").status_code == 404


@pytest.mark.parametrize("text", ["999999", str(2**63), "9" * 30, "x", "sis_user_id:s-ada", "-1"])
def test_a_place_that_is_not_there(cast: Cast, rest, biology: str, text: str):
    assert rest(cast.root_admin).delete(f"{biology}/{text}").status_code == 404
    assert rest(cast.root_admin).get(f"/api/v1/accounts/self/enrollments/{text}").status_code == 404


def test_a_place_is_found_in_its_course_only(cast: Cast, rest, adas: Enrolment):
    url = f"/api/v1/courses/{cast.courses.history.pk}/enrollments/{adas.pk}"
    assert rest(cast.root_admin).delete(url).status_code == 404
    # And one that classmates do not see is not there for them.
    invited = enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "invited")
    url = f"/api/v1/courses/{cast.courses.biology.pk}/enrollments/{invited.pk}"
    assert rest(cast.classmate).delete(url).status_code == 404


# --- Answering ---


def test_an_invitation_is_accepted_and_declined_by_the_invited(cast: Cast, rest, biology: str):
    invited = enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment", "invited")
    url, cora = f"{biology}/{invited.pk}", rest(cast.elsewhere)
    for person in (cast.teacher, cast.root_admin):
        assert rest(person).post(f"{url}/accept").status_code == 403
        assert rest(person).post(f"{url}/reject").status_code == 403
        acting = rest(cast.root_admin).post(f"{url}/accept?as_user_id={cast.elsewhere.pk}")
        assert acting.status_code == 403
    assert cora.post(f"{url}/accept").json() == {"success": True}
    invited.refresh_from_db()
    assert (invited.state, invited.activated_at is not None) == ("active", True)
    for answer in (cora.post(f"{url}/accept"), cora.post(f"{url}/reject")):
        assert (answer.status_code, answer.json()) == (400, {"error": "no current invitation"})
    Enrolment.objects.filter(pk=invited.pk).update(state="invited")
    assert cora.post(f"{url}/reject").json() == {"success": True}
    invited.refresh_from_db()
    assert invited.state == "rejected"


# --- By account ---


def test_an_enrolment_by_account(cast: Cast, rest, adas: Enrolment):
    high, elementary = cast.accounts.high.pk, cast.accounts.elementary.pk
    admin = rest(cast.root_admin)
    body = admin.get(f"/api/v1/accounts/{high}/enrollments/{adas.pk}").json()
    assert (body["id"], body["sis_user_id"]) == (adas.pk, "s-ada")
    assert "user" not in body
    assert admin.get(f"/api/v1/accounts/{elementary}/enrollments/{adas.pk}").status_code == 404
    Enrolment.objects.filter(pk=adas.pk).update(state="deleted")
    body = admin.get(f"/api/v1/accounts/self/enrollments/{adas.pk}").json()
    assert body["enrollment_state"] == "deleted"


def test_who_was_removed_from_a_deleted_course_is_not_told(cast: Cast, rest, adas: Enrolment):
    Enrolment.objects.filter(pk=adas.pk).update(state="deleted")
    url, admin = f"/api/v1/accounts/self/enrollments/{adas.pk}", rest(cast.root_admin)
    assert admin.get(url).status_code == 200
    Course.objects.filter(pk=adas.course_id).update(state="deleted")
    assert admin.get(url).status_code == 404


def test_an_observers_place_is_not_for_all_who_read_the_roster(cast: Cast, rest):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    make_admin(cast, cast.ta, cast.accounts.high, make_account_role(cast, "Roster", "read_roster"))
    places = [
        enrol(cast, cast.elsewhere, cast.courses.chemistry, "StudentEnrollment"),
        enrol(
            cast, cast.observer, cast.courses.chemistry, "ObserverEnrollment",
            associated_user=cast.student,
        ),
    ]  # fmt: skip

    def answers(person: User) -> list[int]:
        there = f"/api/v1/accounts/{cast.accounts.high.pk}/enrollments"
        return [rest(person).get(f"{there}/{place.pk}").status_code for place in places]

    assert answers(cast.ta) == [200, 404]
    assert answers(cast.sub_admin) == [200, 200]
