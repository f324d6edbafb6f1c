"""Adding people to a course, and ending, suspending, bringing back and removing their places."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import transaction

from audit.models import Event
from courses import actions
from courses.enrolling import offer_of, roles_for
from courses.models import Course, Enrolment
from pairing.actions import link
from permissions.catalogue import COURSE_BASE_ROLES
from permissions.models import Override, Role
from permissions.policy import Denied
from permissions.table import bump
from tests.cast import Cast, enrol, make_account_role, make_admin, make_user


def _text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def _page(course: Course) -> str:
    return f"/courses/{course.pk}/users/new"


def _found(response: Any) -> list[str]:
    text = _text(response).split('id="found"')[1]
    return re.findall(r'name="people" value="\d+".*?person__name">([^<]+)<', text)


def _add(client: Any, cast: Cast, course: Course, *users: Any, role: str = "Student") -> Any:
    data = {
        "people": [user.pk for user in users],
        "role": cast.roles[f"{role}Enrollment"].pk,
        "section": course.sections.get().pk,
    }
    return client.post(_page(course), data)


def _of(user: Any, course: Course) -> tuple[str, bool]:
    found = Enrolment.objects.get(user=user, course=course)
    return found.state, found.activated_at is not None


@pytest.fixture
def admin(cast: Cast, signed_in: Any) -> Any:
    return signed_in(cast.root_admin)


@pytest.fixture
def teacher(cast: Cast, signed_in: Any) -> Any:
    return signed_in(cast.teacher)


# --- Finding ---


def test_nobody_is_listed_before_something_is_looked_for(cast: Cast, admin: Any):
    page = admin.get(_page(cast.courses.biology))
    assert _found(page) == []
    assert "Who is it?" in _text(page)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lin", ["Cora Lind"]),
        ("co li", ["Cora Lind"]),
        ("CORA.lind", ["Cora Lind"]),
        ("cora.l", []),
        ("s-ada", ["Ada Okafor"]),
        ("cora@x.example", ["Cora Lind"]),
        ("cora@x", []),
        ("okafor", ["Ada Okafor", "Joy Okafor"]),
        ("root@southfield.example", []),
        ("x " * 4000, []),
    ],
)
def test_an_administrator_finds_anyone(cast: Cast, admin: Any, text: str, found: list[str]):
    type(cast.elsewhere).objects.filter(pk=cast.elsewhere.pk).update(email="Cora@x.example")
    assert _found(admin.get(_page(cast.courses.biology), {"q": text})) == found


def test_a_teacher_finds_only_whom_they_see_already(cast: Cast, teacher: Any):
    page = _page(cast.courses.history)
    assert _found(teacher.get(page, {"q": "ben"})) == ["Ben Ito"]
    for text in ("cora", "cora.lind", "joy"):
        assert _found(teacher.get(page, {"q": text})) == []


def test_below_the_root_an_administrator_finds_others_by_their_whole_login(
    cast: Cast, signed_in: Any
):
    client, page = signed_in(cast.sub_admin), _page(cast.courses.biology)
    assert _found(client.get(page, {"q": "cora"})) == []
    assert _found(client.get(page, {"q": "cora.lind"})) == ["Cora Lind"]
    assert "cora.lind" not in _text(client.get(page, {"q": "cora.lind"})).split('id="found"')[
        1
    ].replace('value="cora.lind"', "")


def test_who_is_there_already_is_told(cast: Cast, admin: Any):
    page = _text(admin.get(_page(cast.courses.biology), {"q": "tia"}))
    assert "here already: Teaching assistant" in page


def test_a_crowd_is_cut_and_takes_few_statements(
    cast: Cast, admin: Any, django_assert_max_num_queries: Any
):
    for n in range(40):
        make_user(cast.root, f"Child Number{n:02}")
    admin.get(_page(cast.courses.biology))
    with django_assert_max_num_queries(13):
        page = admin.get(_page(cast.courses.biology), {"q": "child"})
    assert len(_found(page)) == 25
    assert "There are more: type more of the name." in _text(page)


# --- Adding ---


def test_who_an_administrator_adds_is_there_at_once(cast: Cast, admin: Any):
    response = _add(admin, cast, cast.courses.biology, cast.elsewhere, cast.observer)
    assert response.headers["Location"] == f"/courses/{cast.courses.biology.pk}/users"
    assert "2 people are in Biology now." in _text(admin.get(response.headers["Location"]))
    assert _of(cast.elsewhere, cast.courses.biology) == ("active", True)
    events = Event.objects.filter(action="enrolled")
    assert {event.subject for event in events} == {cast.elsewhere, cast.observer}


def test_another_schools_student_is_only_invited(cast: Cast, signed_in: Any, rest: Any):
    """Else whoever runs one school could pair a stranger with any child of the district."""
    history, child = cast.courses.history, cast.elsewhere
    sub_admin = signed_in(cast.sub_admin)
    assert "Students who are only in other schools" in _text(sub_admin.get(_page(history)))
    newcomer = make_user(cast.root, "Nia New")
    added = _add(sub_admin, cast, history, child, newcomer, cast.student)
    told = _text(sub_admin.get(added.headers["Location"]))
    assert "2 people are in History now." in told
    assert "1 person has been invited to History" in told
    assert _of(child, history) == ("invited", False)
    assert _of(newcomer, history) == _of(cast.student, history) == ("active", True)
    url = f"/api/v1/courses/{history.pk}/enrollments"
    given = {"user_id": child.pk, "type": "StudentEnrollment", "enrollment_state": "active"}
    for _ in range(2):
        Enrolment.objects.filter(user=child, course=history).update(state="deleted")
        answer = rest(cast.sub_admin).post(url, {"enrollment": given}, format="json")
        assert answer.json()["enrollment_state"] == "invited"
    refused = rest(cast.sub_admin).post(f"/api/v1/users/{child.pk}/observer_pairing_codes")
    assert refused.status_code == 403
    _add(signed_in(cast.root_admin), cast, history, child)
    assert _of(child, history) == ("active", True)


@pytest.mark.parametrize(
    ("there", "of_the_course"),
    [("active", "deleted"), ("completed", "available"), ("inactive", "available"),
     ("invited", "available"), ("deleted", "available"), ("rejected", "available")],
)  # fmt: skip
def test_a_place_that_is_suspended_or_of_a_deleted_course_is_another_schools_still(
    cast: Cast, signed_in: Any, there: str, of_the_course: str
):
    places = Enrolment.objects.filter(user=cast.elsewhere)
    assert places.get().course == cast.courses.reading
    places.update(state=there)
    Course.objects.filter(pk=cast.courses.reading.pk).update(state=of_the_course)
    _add(signed_in(cast.sub_admin), cast, cast.courses.history, cast.elsewhere)
    is_over = there in ("deleted", "rejected")
    assert _of(cast.elsewhere, cast.courses.history) == (
        ("active", True) if is_over else ("invited", False)
    )


def test_a_child_whose_courses_here_are_all_deleted_is_still_of_here(cast: Cast, signed_in: Any):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="deleted")
    Enrolment.objects.filter(user=cast.student).exclude(course=cast.courses.biology).delete()
    _add(signed_in(cast.sub_admin), cast, cast.courses.history, cast.student)
    assert _of(cast.student, cast.courses.history) == ("active", True)


def test_whoever_runs_both_schools_adds_their_students_at_once(cast: Cast, signed_in: Any):
    make_admin(cast, cast.sub_admin, cast.accounts.elementary)
    _add(signed_in(cast.sub_admin), cast, cast.courses.history, cast.elsewhere)
    assert _of(cast.elsewhere, cast.courses.history) == ("active", True)


def test_who_teaches_in_another_school_is_there_at_once(cast: Cast, signed_in: Any):
    _add(signed_in(cast.sub_admin), cast, cast.courses.history, cast.elsewhere, role="Teacher")
    assert _of(cast.elsewhere, cast.courses.history) == ("active", True)


def test_who_a_teacher_adds_is_invited_and_answers(cast: Cast, teacher: Any, signed_in: Any):
    response = _add(teacher, cast, cast.courses.history, cast.classmate)
    assert "has been invited to History" in _text(teacher.get(response.headers["Location"]))
    assert _of(cast.classmate, cast.courses.history) == ("invited", False)
    assert "History" in _text(signed_in(cast.classmate).get("/courses")).split("Invitations")[1]


def test_a_teacher_cannot_add_whom_they_do_not_see_by_naming_them(cast: Cast, teacher: Any):
    response = _add(teacher, cast, cast.courses.history, cast.classmate, cast.elsewhere)
    assert response.status_code == 422
    assert not Enrolment.objects.filter(
        course=cast.courses.history, user__in=[cast.classmate, cast.elsewhere]
    ).exists()


def test_only_roles_that_one_may_give_are_offered(cast: Cast, signed_in: Any):
    page = _text(signed_in(cast.ta).get(_page(cast.courses.biology)))
    options = re.findall(r"<option[^>]*>([^<]+)</option>", page.split('name="role"')[1])
    assert "Student" in options
    assert "Teacher" not in options
    response = _add(signed_in(cast.ta), cast, cast.courses.biology, cast.classmate, role="Teacher")
    assert response.status_code == 422


def test_roles_of_the_courses_accounts_are_offered_those_next_door_are_not(cast: Cast, admin: Any):
    def make(label: str, account: Any, **more: Any) -> Role:
        return Role.objects.create(
            root_account=cast.root, account=account, label=label, base_role="TaEnrollment", **more
        )

    make("Tutor", cast.accounts.high)
    make("Grader", cast.accounts.elementary)
    make("Helper", cast.root, state="inactive")
    page = _text(admin.get(_page(cast.courses.biology))).split('name="role"')[1]
    assert [word in page for word in ("Tutor", "Grader", "Helper")] == [True, False, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"people": []},
        {"people": ["x"]},
        {"people": ["9" * 30]},
        {"people": ["-1"]},
        {"role": ""},
        {"role": "9" * 30},
        {"section": "0"},
        {"section": "\0"},
    ],
)
def test_what_is_wrong_is_said_and_what_was_ticked_is_kept(
    cast: Cast, admin: Any, changes: dict[str, Any]
):
    course = cast.courses.biology
    data = {
        "q": "o",
        "people": [cast.elsewhere.pk],
        "role": cast.roles["StudentEnrollment"].pk,
        "section": course.sections.get().pk,
    }
    response = admin.post(_page(course), data | changes)
    assert response.status_code == 422
    if "people" not in changes:
        assert f'value="{cast.elsewhere.pk}" checked' in _text(response)
    assert not Enrolment.objects.filter(course=course, user=cast.elsewhere).exists()


def test_a_section_of_another_course_is_refused(cast: Cast, admin: Any):
    data = {
        "people": [cast.elsewhere.pk],
        "role": cast.roles["StudentEnrollment"].pk,
        "section": cast.courses.reading.sections.get().pk,
    }
    assert admin.post(_page(cast.courses.biology), data).status_code == 422


def test_people_of_another_tenant_are_not_added(cast: Cast, admin: Any):
    assert _add(admin, cast, cast.courses.biology, cast.stranger).status_code == 422


def test_nobody_is_added_to_a_course_that_is_over(cast: Cast, admin: Any):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state="completed")
    people = f"/courses/{cast.courses.biology.pk}/users"
    assert _page(cast.courses.biology) not in _text(admin.get(people))
    assert admin.get(_page(cast.courses.biology)).status_code == 403
    assert _add(admin, cast, cast.courses.biology, cast.elsewhere).status_code == 403


def test_the_button_is_there_for_who_may_add(cast: Cast, signed_in: Any):
    people, add = f"/courses/{cast.courses.biology.pk}/users", _page(cast.courses.biology)
    seen = {who: f'href="{add}"' in _text(signed_in(getattr(cast, who)).get(people))
            for who in ("root_admin", "sub_admin", "teacher", "designer", "student")}  # fmt: skip
    assert seen == {
        "root_admin": True, "sub_admin": True, "teacher": True, "designer": True, "student": False,
    }  # fmt: skip


def test_an_empty_course_offers_it(cast: Cast, admin: Any):
    Enrolment.objects.filter(course=cast.courses.reading).delete()
    page = _text(admin.get(f"/courses/{cast.courses.reading.pk}/users"))
    assert page.count(f'href="{_page(cast.courses.reading)}"') == 2


# --- Nobody gives more than they hold ---


def _counsellor(cast: Cast, base_role: str = "TeacherEnrollment") -> Role:
    """A role that holds, besides what its base does, the issuing of pairing codes."""
    role = Role.objects.create(
        root_account=cast.root,
        account=cast.root,
        label=f"Counsellor {base_role}",
        base_role=base_role,
    )
    Override.objects.create(
        root_account=cast.root, account=cast.root, role=role, enabled=True,
        permission="generate_observer_pairing_code",
    )  # fmt: skip
    bump(cast.root)
    return role


def _try_to_add(client: Any, course: Course, user: Any, role: Role) -> int:
    section = course.sections.get()
    data = {"people": [user.pk], "role": role.pk, "section": section.pk}
    return int(client.post(_page(course), data).status_code)


def _may_enrol(cast: Cast, by: Any, course: Course, user: Any, role: Role) -> bool:
    try:
        with transaction.atomic():
            section = course.sections.get()
            actions.enrol(actor=cast.actor(by), user=user, section=section, role=role)
            transaction.set_rollback(True)
    except Denied:
        return False
    return True


@pytest.mark.parametrize(
    "base_role", ["TeacherEnrollment", "TaEnrollment", "DesignerEnrollment", "ObserverEnrollment"]
)
@pytest.mark.parametrize("who", ["teacher", "ta", "classmate"])
def test_a_teacher_gives_nobody_a_role_that_holds_more(
    cast: Cast, teacher: Any, who: str, base_role: str
):
    course, user, role = cast.courses.biology, getattr(cast, who), _counsellor(cast, base_role)
    assert "Counsellor" not in _text(teacher.get(_page(course)))
    assert _try_to_add(teacher, course, user, role) == 422
    assert not _may_enrol(cast, cast.teacher, course, user, role)
    assert not Enrolment.objects.filter(role=role).exists()


def test_who_holds_what_the_role_gives_may_give_it(cast: Cast, teacher: Any, admin: Any):
    course, role = cast.courses.biology, _counsellor(cast)
    assert _try_to_add(admin, course, cast.classmate, role) == 302
    cast.override("TeacherEnrollment", "generate_observer_pairing_code")
    assert _try_to_add(teacher, course, cast.ta, role) == 302


@pytest.mark.parametrize("half", ["generate_observer_pairing_code", "allow_course_admin_actions"])
def test_an_account_role_does_not_get_the_other_half_through_a_course_role(
    cast: Cast, signed_in: Any, half: str
):
    rights = ["add_teacher_to_course", "read_roster", half]
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Half", *rights))
    course, client = cast.courses.biology, signed_in(cast.observer)
    for role in (cast.roles["TeacherEnrollment"], _counsellor(cast)):
        assert _try_to_add(client, course, cast.observer, role) in (403, 422)
        assert not _may_enrol(cast, cast.observer, course, cast.observer, role)
    assert client.get(_page(course)).status_code == 403
    assert f'href="{_page(course)}"' not in _text(client.get(f"/courses/{course.pk}/users"))


def test_a_place_that_gives_more_is_not_brought_back(cast: Cast, teacher: Any, admin: Any):
    place = cast.enrolment(cast.ta, cast.courses.biology)
    Enrolment.objects.filter(pk=place.pk).update(
        role=_counsellor(cast, "TaEnrollment"), state="inactive"
    )
    page = f"/courses/{place.course_id}/users/{cast.ta.pk}/enrolments"
    assert "Bring back" not in _text(teacher.get(page))
    assert _step(teacher, place, "bring_back").status_code == 403
    place.refresh_from_db()
    with pytest.raises(Denied):
        actions.reactivate(actor=cast.actor(cast.teacher), enrolment=place)
    assert "Bring back" in _text(admin.get(page))
    assert _step(admin, place, "bring_back").status_code == 302


def test_a_role_that_was_deactivated_since_it_was_read_is_not_given(cast: Cast):
    role = _counsellor(cast)
    Role.objects.filter(pk=role.pk).update(state="inactive")
    with pytest.raises(actions.EnrolmentRefused):
        actions.enrol(
            actor=cast.actor(cast.root_admin), user=cast.classmate,
            section=cast.courses.biology.sections.get(), role=role,
        )  # fmt: skip


def test_a_role_of_another_account_is_not_given(cast: Cast):
    role = Role.objects.create(
        root_account=cast.root,
        account=cast.accounts.elementary,
        label="Grader",
        base_role="TaEnrollment",
    )
    bump(cast.root)
    with pytest.raises(actions.EnrolmentRefused, match="Invalid role"):
        actions.enrol(
            actor=cast.actor(cast.root_admin), user=cast.classmate,
            section=cast.courses.biology.sections.get(), role=role,
        )  # fmt: skip
    assert not Enrolment.objects.filter(role=role).exists()


def test_acting_as_somebody_both_must_hold_it(cast: Cast):
    course, role = cast.courses.biology, _counsellor(cast)
    actor = cast.actor(cast.root_admin, acting_as=cast.teacher)
    with pytest.raises(Denied):
        actions.enrol(actor=actor, user=cast.ta, section=course.sections.get(), role=role)


@pytest.mark.parametrize("who", ["root_admin", "sub_admin", "teacher", "ta", "designer", "student"])
def test_the_roles_that_are_offered_are_those_that_may_be_given(cast: Cast, who: str):
    by, course = getattr(cast, who), cast.courses.biology
    for base_role in ("TeacherEnrollment", "TaEnrollment"):
        _counsellor(cast, base_role)
    offered = set(roles_for(offer_of(cast.actor(by), course)))
    roles = Role.objects.filter(root_account=cast.root).exclude(base_role__startswith="Account")
    assert offered == {role for role in roles if _may_enrol(cast, by, course, cast.ta, role)}
    ordinary = {role.base_role for role in offered if "Counsellor" not in role.label}
    few, all_ = {"StudentEnrollment", "ObserverEnrollment"}, set(COURSE_BASE_ROLES)
    expected = {"teacher": all_, "ta": few, "designer": few, "student": set()}
    assert ordinary == expected.get(who, all_)
    assert any("Counsellor" in role.label for role in offered) is who.endswith("admin")


# --- Ending ---


def _step(client: Any, enrolment: Enrolment, step: str) -> Any:
    return client.post(f"/courses/{enrolment.course_id}/enrolments/{enrolment.pk}/{step}")


@pytest.fixture
def ada(cast: Cast) -> Enrolment:
    """Ada's place in Biology."""
    return cast.enrolment(cast.student, cast.courses.biology)


@pytest.mark.parametrize(
    ("steps", "state", "leads_to"),
    [
        (["conclude"], "completed", "enrolments"),
        (["suspend"], "inactive", "enrolments"),
        (["suspend", "bring_back"], "active", "enrolments"),
        (["conclude", "bring_back"], "active", "enrolments"),
        (["remove"], "deleted", "people"),
    ],
)
def test_a_place_is_ended_suspended_and_brought_back(
    cast: Cast, teacher: Any, ada: Enrolment, steps: list[str], state: str, leads_to: str
):
    response = None
    for step in steps:
        response = _step(teacher, ada, step)
    people = f"/courses/{ada.course_id}/users"
    page = {"people": people, "enrolments": f"{people}/{cast.student.pk}/enrolments"}[leads_to]
    assert response is not None
    assert response.headers["Location"] == page
    assert "Ada Okafor" in _text(teacher.get(page))
    ada.refresh_from_db()
    assert (ada.state, ada.activated_at is not None) == (state, True)
    assert Event.objects.filter(action="enrolment_changed").count() == len(steps)


def test_an_observer_loses_sight_of_the_course_with_the_student(
    cast: Cast, teacher: Any, ada: Enrolment
):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    _step(teacher, ada, "remove")
    beside = Enrolment.objects.get(user=cast.observer, course=cast.courses.biology)
    assert beside.state == "deleted"


def test_what_has_changed_meanwhile_is_told(cast: Cast, teacher: Any, ada: Enrolment):
    _step(teacher, ada, "conclude")
    page = teacher.get(_step(teacher, ada, "conclude").headers["Location"])
    assert "Somebody else has changed that place just before." in _text(page)


def test_each_step_that_takes_away_asks_first(cast: Cast, teacher: Any, ada: Enrolment):
    page = _text(teacher.get(f"/courses/{ada.course_id}/users/{cast.student.pk}/enrolments"))
    assert page.count('<details class="confirm">') == 3
    assert "observers of Ada Okafor see it no more" in page
    assert "Bring back" not in page


def test_who_may_not_remove_this_type_changes_nothing(cast: Cast, signed_in: Any):
    place = cast.enrolment(cast.teacher, cast.courses.biology)
    client = signed_in(cast.ta)
    people = f"/courses/{place.course_id}/users"
    assert client.get(f"{people}/{cast.teacher.pk}/enrolments").status_code == 403
    assert _step(client, place, "remove").status_code == 403
    listed = _text(client.get(people))
    assert f'href="{people}/{cast.teacher.pk}/enrolments"' not in listed
    assert f'href="{people}/{cast.student.pk}/enrolments"' in listed
    place.refresh_from_db()
    assert place.state == "active"


@pytest.mark.parametrize("step", ["delete", "accept", "x"])
def test_other_steps_are_not_there(teacher: Any, ada: Enrolment, step: str):
    assert _step(teacher, ada, step).status_code == 404


def test_a_place_of_another_course_is_not_there(cast: Cast, teacher: Any, ada: Enrolment):
    url = f"/courses/{cast.courses.history.pk}/enrolments/{ada.pk}/remove"
    assert teacher.post(url).status_code == 404


def test_who_removes_their_own_place_is_warned_and_led_home(cast: Cast, teacher: Any):
    place = cast.enrolment(cast.teacher, cast.courses.biology)
    page = f"/courses/{place.course_id}/users/{cast.teacher.pk}/enrolments"
    assert "This is your own place" in _text(teacher.get(page))
    assert _step(teacher, place, "remove").headers["Location"] == "/"


def test_an_administrator_of_one_key_removes_just_that(cast: Cast, signed_in: Any, ada: Enrolment):
    role = make_account_role(cast, "Clerk", "read_roster", "remove_student_from_course")
    make_admin(cast, cast.observer, cast.accounts.high, role)
    enrol(cast, cast.student, cast.courses.biology, "TaEnrollment")
    client = signed_in(cast.observer)
    page = _text(client.get(f"/courses/{ada.course_id}/users/{cast.student.pk}/enrolments"))
    assert page.count('class="panel__head"') == 1
    assert _step(client, ada, "remove").status_code == 302


def test_the_list_with_menus_takes_few_statements(
    cast: Cast, admin: Any, django_assert_max_num_queries: Any
):
    for n in range(30):
        enrol(cast, make_user(cast.root, f"C {n}"), cast.courses.biology, "StudentEnrollment")
    admin.get(f"/courses/{cast.courses.biology.pk}/users")
    with django_assert_max_num_queries(19):
        admin.get(f"/courses/{cast.courses.biology.pk}/users")


# --- Observers, to who sees no details ---


@pytest.mark.parametrize("who", ["ta", "designer"])
def test_whose_child_somebody_observes_is_for_who_sees_details(
    cast: Cast, signed_in: Any, teacher: Any, who: str
):
    """They add and remove people by default, and do not oversee the course."""
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    place, course = cast.enrolment(cast.observer, cast.courses.biology), cast.courses.biology
    pages = [
        f"/courses/{course.pk}/users/new?q=joy",
        f"/courses/{course.pk}/users/{cast.observer.pk}/enrolments",
    ]
    helper = signed_in(getattr(cast, who))
    for page in pages:
        assert "Observer of Ada" in _text(teacher.get(page))
        assert "Observer of Ada" not in _text(helper.get(page))
    ends = f"/courses/{course.pk}/enrolments/{place.pk}/conclude"
    assert helper.post(ends).status_code == 404
    place.refresh_from_db()
    assert place.state == "active"
    assert teacher.post(ends).status_code == 302


def test_an_invitation_that_is_brought_back_is_one_again(cast: Cast, signed_in: Any) -> None:
    place = enrol(cast, cast.elsewhere, cast.courses.biology, "StudentEnrollment")
    Enrolment.objects.filter(pk=place.pk).update(state="inactive", activated_at=None)
    url = f"/courses/{cast.courses.biology.pk}/enrolments/{place.pk}/bring_back"
    page = signed_in(cast.sub_admin).post(url, follow=True)
    assert "place as Student is an invitation again." in html.unescape(page.content.decode())
