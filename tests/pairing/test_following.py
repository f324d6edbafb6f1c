"""Observer enrolments follow the student's (contract §3.6, spec/pairing.md "The link")."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from courses import actions
from courses.actions import Change, tell_followers
from courses.models import Course, Enrolment, Section
from pairing.actions import link, unlink
from pairing.models import ObservationLink
from tests.cast import Cast, enrol, make_user

State = Enrolment.State


def _linked(cast: Cast, student: User | None = None, observer: User | None = None) -> None:
    link(
        actor=cast.actor(cast.root_admin),
        observer=observer or cast.observer,
        student=student or cast.student,
    )


def _beside(cast: Cast, course: Course, student: User | None = None) -> str | None:
    """The state of the observer's enrolment for the student; None when there is none."""
    found = Enrolment.objects.filter(
        user=cast.observer, associated_user=student or cast.student, course=course
    )
    return found.values_list("state", flat=True).first()


def _move(cast: Cast, enrolment: Enrolment, state: str) -> None:
    """The student's enrolment gets a state, and whoever follows hears of it."""
    before = enrolment.state
    Enrolment.objects.filter(pk=enrolment.pk).update(state=state)
    enrolment.state = state
    tell_followers([Change(enrolment.user_id, enrolment.section_id, before, state)])


# --- On linking ---


@pytest.mark.parametrize(
    ("students", "observers"),
    [
        ("active", "active"),
        ("invited", "active"),
        ("creation_pending", "active"),
        ("inactive", "inactive"),
        ("completed", None),
        ("rejected", None),
        ("deleted", None),
    ],
)
def test_a_link_puts_the_observer_beside_the_student(
    cast: Cast, students: str, observers: str | None
):
    Enrolment.objects.filter(user=cast.student, course=cast.courses.biology).update(state=students)
    _linked(cast)
    assert _beside(cast, cast.courses.biology) == observers


def test_it_is_the_same_section_with_the_same_dates_and_the_observers_role(cast: Cast):
    own = cast.enrolment(cast.student, cast.courses.biology)
    own.start_at, own.end_at = timezone.now(), timezone.now() + timedelta(days=9)
    own.save()
    _linked(cast)
    beside = Enrolment.objects.get(user=cast.observer, course=cast.courses.biology)
    assert (beside.section_id, beside.start_at, beside.end_at) == (
        own.section_id, own.start_at, own.end_at,
    )  # fmt: skip
    assert (beside.type, beside.role) == ("ObserverEnrollment", cast.roles["ObserverEnrollment"])


def test_a_deleted_course_is_left_out(cast: Cast):
    Course.objects.filter(pk=cast.courses.biology.pk).update(state=Course.State.DELETED)
    _linked(cast)
    assert _beside(cast, cast.courses.biology) is None
    assert _beside(cast, cast.courses.history) == "active"


def test_nobody_follows_into_a_deleted_course(cast: Cast):
    """As an import does, which writes places whatever became of the course."""
    own = cast.enrolment(cast.student, cast.courses.biology)
    Enrolment.objects.filter(pk=own.pk).update(state="deleted")
    own.state = "deleted"
    _linked(cast)
    Course.objects.filter(pk=cast.courses.biology.pk).update(state=Course.State.DELETED)
    _move(cast, own, "active")
    assert _beside(cast, cast.courses.biology) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("deleted", "active"),
        ("inactive", "active"),
        ("completed", "completed"),
        ("active", "active"),
    ],
)
def test_an_enrolment_that_is_there_is_revived_or_left_alone(cast: Cast, before: str, after: str):
    enrol(
        cast, cast.observer, cast.courses.biology, "ObserverEnrollment", before,
        associated_user=cast.student,
    )  # fmt: skip
    _linked(cast)
    assert _beside(cast, cast.courses.biology) == after
    assert Enrolment.objects.filter(user=cast.observer, course=cast.courses.biology).count() == 1


def test_two_enrolments_of_the_student_in_a_section_make_one_of_the_observer(cast: Cast):
    role = type(cast.roles["StudentEnrollment"]).objects.create(
        root_account=cast.root, account=cast.root, label="Guest", base_role="StudentEnrollment"
    )
    own = cast.enrolment(cast.student, cast.courses.biology)
    Enrolment.objects.create(
        root_account=cast.root, user=cast.student, course=own.course, section=own.section,
        role=role, type="StudentEnrollment", state="inactive",
    )  # fmt: skip
    _linked(cast)
    assert _beside(cast, cast.courses.biology) == "active"
    assert Enrolment.objects.filter(user=cast.observer, course=cast.courses.biology).count() == 1


# --- Later ---


def test_a_later_enrolment_of_the_student_adds_the_observer(cast: Cast):
    _linked(cast)
    actions.enrol(
        actor=cast.actor(cast.root_admin),
        user=cast.student,
        section=cast.courses.chemistry.sections.get(),
        role=cast.roles["StudentEnrollment"],
        wanted=actions.Wanted(State.ACTIVE),
    )
    assert _beside(cast, cast.courses.chemistry) == "active"


def test_without_a_link_nobody_follows(cast: Cast):
    _move(cast, cast.enrolment(cast.student, cast.courses.biology), "completed")
    assert not Enrolment.objects.filter(type="ObserverEnrollment").exists()


@pytest.mark.parametrize(
    ("students", "observers"),
    [
        ("completed", "completed"),
        ("inactive", "inactive"),
        ("deleted", "deleted"),
        ("rejected", "deleted"),
        ("invited", "active"),
    ],
)
def test_the_observers_state_follows_the_students(cast: Cast, students: str, observers: str):
    _linked(cast)
    _move(cast, cast.enrolment(cast.student, cast.courses.biology), students)
    assert _beside(cast, cast.courses.biology) == observers
    assert _beside(cast, cast.courses.history) == "active"


@pytest.mark.parametrize("gone", ["deleted", "rejected"])
def test_a_place_that_no_link_carries_ends_with_the_students(cast: Cast, gone: str):
    """As somebody makes it who may link people; one in another section stays."""
    ada = cast.enrolment(cast.student, cast.courses.biology)
    second = Section.objects.create(root_account=cast.root, course=ada.course, name="Second")
    beside = enrol(cast, cast.observer, cast.courses.biology, "ObserverEnrollment")
    Enrolment.objects.filter(pk=beside.pk).update(associated_user=cast.student)
    elsewhere = enrol(cast, cast.ta, cast.courses.chemistry, "ObserverEnrollment")
    Enrolment.objects.filter(pk=elsewhere.pk).update(associated_user=cast.student)
    twice = Enrolment.objects.create(
        root_account=cast.root, user=cast.ta, course=ada.course, section=second, role=beside.role,
        type=beside.type, state="active", associated_user=cast.student,
    )  # fmt: skip
    Enrolment.objects.create(
        root_account=cast.root, user=cast.student, course=ada.course, section=second,
        role=ada.role, type=ada.type, state="active",
    )  # fmt: skip
    _move(cast, ada, gone)
    states = [Enrolment.objects.get(pk=one.pk).state for one in (beside, elsewhere, twice)]
    assert states == ["deleted", "active", "active"]


@pytest.mark.parametrize("gone", ["inactive", "deleted", "completed", "rejected"])
def test_a_student_who_comes_back_brings_the_observer_back(cast: Cast, gone: str):
    _linked(cast)
    own = cast.enrolment(cast.student, cast.courses.biology)
    _move(cast, own, gone)
    _move(cast, own, "active")
    assert _beside(cast, cast.courses.biology) == "active"


def test_one_that_was_deleted_by_hand_stays_deleted_while_the_student_is_there(cast: Cast):
    _linked(cast)
    own = cast.enrolment(cast.student, cast.courses.biology)
    Enrolment.objects.filter(user=cast.observer, course=own.course).update(state="deleted")
    tell_followers([Change(own.user_id, own.section_id, "active", "active")])
    assert _beside(cast, cast.courses.biology) == "deleted"
    _move(cast, own, "inactive")
    _move(cast, own, "active")
    assert _beside(cast, cast.courses.biology) == "active"


def test_a_student_who_only_ever_completed_gets_no_new_observer(cast: Cast):
    _linked(cast)
    new = enrol(cast, cast.student, cast.courses.chemistry, "StudentEnrollment", "completed")
    tell_followers([Change(new.user_id, new.section_id, None, "completed")])
    assert _beside(cast, cast.courses.chemistry) is None


def test_one_of_two_enrolments_in_a_section_keeps_the_observer_there(cast: Cast):
    own = cast.enrolment(cast.student, cast.courses.biology)
    role = type(own.role).objects.create(
        root_account=cast.root, account=cast.root, label="Guest", base_role="StudentEnrollment"
    )
    second = Enrolment.objects.create(
        root_account=cast.root, user=cast.student, course=own.course, section=own.section,
        role=role, type="StudentEnrollment", state="active",
    )  # fmt: skip
    _linked(cast)
    _move(cast, second, "deleted")
    assert _beside(cast, cast.courses.biology) == "active"
    _move(cast, own, "deleted")
    assert _beside(cast, cast.courses.biology) == "deleted"


# --- Unlinking and restoring ---


def test_unlinking_ends_them_all_and_linking_again_brings_them_back(cast: Cast):
    _linked(cast)
    row = ObservationLink.objects.get()
    unlink(actor=cast.actor(cast.root_admin), link=row)
    assert _beside(cast, cast.courses.biology) == "deleted"
    _linked(cast)
    assert _beside(cast, cast.courses.biology) == "active"
    assert ObservationLink.objects.get().pk == row.pk


def test_an_observer_of_two_keeps_the_other_student(cast: Cast):
    _linked(cast)
    _linked(cast, cast.classmate)
    unlink(actor=cast.actor(cast.observer), link=ObservationLink.objects.get(student=cast.student))
    assert _beside(cast, cast.courses.biology) == "deleted"
    assert _beside(cast, cast.courses.biology, cast.classmate) == "active"


def test_many_changes_of_many_observed_students_take_a_few_statements(
    cast: Cast, django_assert_max_num_queries: Any
):
    section = Section.objects.get(course=cast.courses.chemistry)
    changes = []
    for n in range(20):
        student = make_user(cast.root, f"Child Number{n}")
        _linked(cast, student)
        enrol(cast, student, cast.courses.chemistry, "StudentEnrollment")
        changes.append(Change(student.pk, section.pk, None, "active"))
    with django_assert_max_num_queries(6):
        tell_followers(changes)
    assert Enrolment.objects.filter(user=cast.observer, section=section).count() == 20
