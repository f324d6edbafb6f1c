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
