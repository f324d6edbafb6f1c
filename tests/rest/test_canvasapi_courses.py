"""Courses, their people, sections and enrolments with the real `canvasapi` (contract §7)."""

from __future__ import annotations

import pytest
from canvasapi.exceptions import BadRequest, Forbidden, ResourceDoesNotExist

from courses.models import Course
from tests.cast import Cast

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")


@pytest.fixture
def admin(cast: Cast, canvas):
    return canvas(cast.root_admin)


@pytest.fixture
def biology(cast: Cast, admin):
    return admin.get_course(cast.courses.biology.pk)


def test_courses_of_an_account(cast: Cast, admin):
    account = admin.get_account(cast.root.pk)
    art = account.create_course(course={"name": "Art", "sis_course_id": "art"}, enroll_me=True)
    assert (art.name, art.workflow_state) == ("Art", "unpublished")
    assert admin.get_course("art", use_sis_id=True).id == art.id
    found = account.get_courses(search_term="ar", state=["created"], include=["total_students"])
    assert [(one.id, one.total_students) for one in found] == [(art.id, 0)]
    assert len(list(account.get_courses(per_page=2))) == 5
    with pytest.raises(BadRequest):
        account.create_course(course={"name": "Another", "sis_course_id": "art"})


def test_a_course_is_changed_concluded_and_deleted(cast: Cast, admin, biology, canvas):
    assert biology.update(course={"name": "Life", "course_code": "LIF"}) == "Life"
    assert biology.conclude() is True
    assert admin.get_course(biology).workflow_state == "completed"
    assert biology.update(course={"event": "offer"}) == "Life"
    with pytest.raises(Forbidden):
        canvas(cast.teacher).get_course(biology.id).delete()
    assert biology.delete() is True
    with pytest.raises(ResourceDoesNotExist):
        admin.get_course(biology.id)
    assert admin.get_course(biology.id, include=["all_courses"]).workflow_state == "deleted"
    assert biology.update(course={"event": "undelete"}) == "Life"
    assert Course.objects.get(pk=biology.id).state == "unpublished"


def test_ones_own_courses_and_somebody_elses(cast: Cast, admin, canvas):
    own = canvas(cast.student)
    assert [course.name for course in own.get_courses(per_page=1)] == ["Biology", "History"]
    assert [course.name for course in own.get_current_user().get_courses()] == [
        "Biology",
        "History",
    ]
    ada = admin.get_user(cast.student.pk)
    assert [course.name for course in ada.get_courses(enrollment_type="student")] == [
        "Biology", "History",
    ]  # fmt: skip
    with pytest.raises(Forbidden):
        canvas(cast.observer).get_course(cast.courses.biology.pk)


def test_the_people_of_a_course(cast: Cast, canvas):
    biology = canvas(cast.teacher).get_course(cast.courses.biology.pk)
    found = biology.get_users(enrollment_type=["student"], include=["enrollments"], per_page=1)
    assert [user.name for user in found] == ["Ben Ito", "Ada Okafor"]
    assert [user.name for user in biology.get_users(search_term="oka")] == ["Ada Okafor"]
    assert biology.get_user(cast.student.pk).login_id == "ada.okafor"
    assert biology.get_user("s-ada", "sis_user_id").id == cast.student.pk
    with pytest.raises(ResourceDoesNotExist):
        biology.get_user(cast.elsewhere.pk)


def test_sections(cast: Cast, admin, biology):
    made = biology.create_course_section(course_section={"name": "B", "sis_section_id": "b"})
    assert {section.name for section in biology.get_sections()} == {"Biology", "B"}
    assert biology.get_section(made).id == admin.get_section("b", use_sis_id=True).id == made.id
    assert made.edit(course_section={"name": "C"}).name == "C"
    enrolled = made.enroll_user(cast.elsewhere.pk, enrollment={"enrollment_state": "active"})
    assert [one.user_id for one in made.get_enrollments()] == [cast.elsewhere.pk]
    with pytest.raises(BadRequest):
        made.delete()
    enrolled.deactivate("delete")
    assert made.delete().id == made.id
    with pytest.raises(ResourceDoesNotExist):
        admin.get_section(made.id)


def test_enrolments(cast: Cast, admin, biology, canvas):
    invited = biology.enroll_user(
        cast.elsewhere.pk, enrollment={"type": "TaEnrollment", "notify": True}
    )
    assert (invited.enrollment_state, invited.type) == ("invited", "TaEnrollment")
    own = canvas(cast.elsewhere).get_current_user().get_enrollments(state=["invited"])[0]
    assert own.accept() is True
    with pytest.raises(BadRequest):
        own.reject()
    assert len(list(biology.get_enrollments(per_page=2))) == 6
    assert [e.user_id for e in biology.get_enrollments(type=["TeacherEnrollment"])] == [
        cast.teacher.pk
    ]
    assert admin.get_account(cast.root.pk).get_enrollment(invited.id).enrollment_state == "active"
    assert invited.deactivate("inactivate").enrollment_state == "inactive"
    assert invited.reactivate().enrollment_state == "active"
    with pytest.raises(BadRequest):
        invited.reactivate()
    assert invited.deactivate("conclude").enrollment_state == "completed"
    assert invited.deactivate("delete").enrollment_state == "deleted"
    again = biology.enroll_user(cast.observer.pk)
    assert canvas(cast.observer).get_current_user().get_enrollments()[0].reject() is True
    assert admin.get_account(cast.root.pk).get_enrollment(again).enrollment_state == "rejected"
    with pytest.raises(Forbidden):
        canvas(cast.student).get_course(biology.id).enroll_user(cast.observer.pk)
    assert (
        admin.get_user(cast.student.pk).get_enrollments(state=["active"])[0].course_id == biology.id
    )
