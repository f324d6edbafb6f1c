"""user_observers.csv: links made, restored, removed; the contract's texts."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from accounts.models import User
from audit.models import Event
from courses.models import Course, Enrolment
from pairing.models import ObservationLink
from tests.cast import Cast, enrol
from tests.sis.conftest import Take, everything, reasons

HEAD = "observer_id,student_id,status\n"


def states(cast: Cast) -> set[tuple[str, str]]:
    found = Enrolment.objects.filter(user=cast.observer, associated_user=cast.student)
    return set(found.values_list("course__name", "state"))


def events() -> list[str]:
    return list(
        Event.objects.filter(data__how="import").order_by("pk").values_list("action", flat=True)
    )


def test_a_link_is_made_with_the_observers_enrolments_and_an_event(
    roster: Cast, take: Take
) -> None:
    report = take(o=HEAD + "observer,student,active")
    assert report.changes["user_observers"] == {"created": 1}
    assert states(roster) == {("Biology", "active"), ("History", "active")}
    told = Event.objects.get(action="link_created")
    assert (told.subject, told.actor, told.data) == (
        roster.student, None, {"observer": roster.observer.pk, "how": "import"},
    )  # fmt: skip


def test_a_link_is_removed_and_restored_as_the_same_row(roster: Cast, take: Take) -> None:
    take(o=HEAD + "observer,student,active")
    report = take(o=HEAD + "observer,student,Deleted")
    link = ObservationLink.objects.get()
    assert report.changes["user_observers"] == {"deleted": 1}
    assert (link.state, link.ended_at is None) == ("deleted", False)
    assert states(roster) == {("Biology", "deleted"), ("History", "deleted")}
    take(o=HEAD + "observer,student,active")
    assert ObservationLink.objects.values_list("pk", "state", "ended_at").get() == (
        link.pk, "active", None,
    )  # fmt: skip
    assert states(roster) == {("Biology", "active"), ("History", "active")}
    assert events() == ["link_created", "link_removed", "link_restored"]


@pytest.mark.parametrize("states", [("active", "deleted"), ("active", "deleted", "active")])
def test_a_history_of_a_link_is_told_once(
    roster: Cast, take: Take, states: tuple[str, ...]
) -> None:
    text = HEAD + "\n".join(f"observer,student,{state}" for state in states)
    assert take(o=text).errors == []
    before, events = everything(), Event.objects.exclude(action="sis_imported").count()
    with time_machine.travel("2040-01-01"):
        assert take(o=text).total_changes == 0
    assert everything() == before
    assert Event.objects.exclude(action="sis_imported").count() == events


def test_a_restored_link_brings_back_what_is_concluded_and_a_first_one_nothing(
    roster: Cast, take: Take
) -> None:
    """A place that somebody made by hand, and removed, is no part of a new link."""
    Enrolment.objects.filter(user=roster.student).update(state="completed")
    biology, history = roster.courses.biology, roster.courses.history
    for course in (biology, history):
        enrol(
            roster, roster.observer, course, "ObserverEnrollment", "deleted",
            associated_user=roster.student,
        )  # fmt: skip
    beside = Enrolment.objects.filter(associated_user=roster.student)
    take(o=HEAD + "observer,student,active")
    assert set(beside.values_list("state", flat=True)) == {"deleted"}
    beside.filter(course=biology).update(state="completed")
    take(o=HEAD + "observer,student,deleted")
    Course.objects.filter(pk=history.pk).update(state="deleted")
    take(o=HEAD + "observer,student,active")
    assert set(beside.values_list("course", "state")) == {
        (biology.pk, "completed"), (history.pk, "deleted"),
    }  # fmt: skip


def test_removing_one_link_leaves_the_others(roster: Cast, take: Take) -> None:
    take(o=HEAD + "observer,student,active\nobserver,classmate,active\nteacher,student,active")
    take(o=HEAD + "observer,student,deleted")
    left = Enrolment.objects.filter(associated_user__isnull=False, state="active")
    assert set(left.values_list("user__sis_id", "associated_user__sis_id")) == {
        ("observer", "classmate"), ("teacher", "student"),
    }  # fmt: skip


def test_what_is_removed_already_is_no_mistake(roster: Cast, take: Take) -> None:
    take(o=HEAD + "observer,student,active")
    take(o=HEAD + "observer,student,deleted")
    report = take(o=HEAD + "observer,student,deleted")
    assert (report.total_changes, report.unchanged, report.errors) == (0, 1, [])


def test_nobody_is_told_by_mail_of_what_the_office_does(
    roster: Cast, take: Take, django_capture_on_commit_callbacks: Any
) -> None:
    User.objects.update(email="somebody@northfield.example")
    with django_capture_on_commit_callbacks() as after_commit:
        take(o=HEAD + "observer,student,active")
    assert after_commit == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",student,active", "No observer_id given for a user observer"),
        ("observer,,active", "No user_id given for a user observer"),
        ("student,student,active", "Can't observe yourself user student"),
        ("observer,student,on", 'Improper status "on" for a user_observer'),
        ("moon,student,active", "An observer referenced a non-existent user moon"),
        ("gone,student,active", "An observer referenced a non-existent user gone"),
        ("observer,moon,active", "A student referenced a non-existent user moon"),
        ("observer,gone,active", "A student referenced a non-existent user gone"),
        ("observer,student,deleted",
         "Can't delete a non-existent observer for observer: observer, student: student"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_and_the_next_one_is_taken(
    roster: Cast, take: Take, row: str, reason: str
) -> None:
    User.objects.filter(pk=roster.designer.pk).update(sis_id="gone", state="suspended")
    report = take(o=HEAD + f"{row}\nobserver,classmate,active")
    assert reasons(report) == [reason]
    assert ObservationLink.objects.get().student == roster.classmate
