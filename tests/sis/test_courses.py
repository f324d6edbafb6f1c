"""courses.csv and sections.csv."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.models import Account, User
from courses.models import Course, Enrolment, Section
from pairing.models import ObservationLink
from tests.cast import Cast, enrol, make_admin
from tests.sis.conftest import Take, enrolments_of, reasons

HEAD = "course_id,short_name,long_name,account_id,status\n"
SECTIONS = "section_id,course_id,name,status\n"


def test_a_course_is_made_with_its_default_section(roster: Cast, take: Take) -> None:
    report = take(c=HEAD + "alg,ALG,Algebra,science,published")
    course = Course.objects.get(sis_id="alg")
    assert report.changes["courses"] == {"created": 1}
    assert (course.account, course.state) == (roster.accounts.science, "available")
    assert course.sections.values_list("name", "is_default").get() == ("Algebra", True)


@pytest.mark.parametrize(
    ("status", "state"),
    [("active", "unpublished"), ("PUBLISHED", "available"), ("completed", "completed")],
)
def test_a_status_is_a_state(roster: Cast, take: Take, status: str, state: str) -> None:
    take(c=HEAD + f"alg,ALG,Algebra,,{status}")
    assert Course.objects.get(sis_id="alg").state == state


def test_active_does_not_hide_a_published_course(roster: Cast, take: Take) -> None:
    report = take(c=HEAD + "bio,BIO,Biology,,active")
    assert Course.objects.get(sis_id="bio").state == "available"
    assert report.total_changes == 0


def test_a_blank_account_is_the_root_for_a_new_course(roster: Cast, take: Take) -> None:
    take(c=HEAD + "alg,ALG,Algebra,,active")
    assert Course.objects.get(sis_id="alg").account_id == roster.root.pk


def test_a_course_moves_to_another_account_and_stays_without_one(roster: Cast, take: Take) -> None:
    take(c=HEAD + "bio,BIO,Biology,elementary,published")
    assert Course.objects.get(sis_id="bio").account == roster.accounts.elementary
    take(c=HEAD + "bio,BIO,Biology,,published")
    assert Course.objects.get(sis_id="bio").account == roster.accounts.elementary


def test_dates_without_an_offset_are_in_the_time_zone_of_the_root_account(
    roster: Cast, take: Take
) -> None:
    Account.objects.filter(pk=roster.root.pk).update(time_zone="America/Denver")
    head = "course_id,short_name,long_name,status,start_date,end_date\n"
    take(c=head + "alg,ALG,Algebra,active,2030-01-07,2030-06-01T10:00:00Z")
    course = Course.objects.get(sis_id="alg")
    assert course.start_at == datetime(2030, 1, 7, 7, tzinfo=UTC)
    assert course.end_at == datetime(2030, 6, 1, 10, tzinfo=UTC)
    take(c=head + "alg,ALG,Algebra,active,,2030-06-01T10:00:00Z")
    assert Course.objects.get(sis_id="alg").start_at is None


def test_who_was_linked_while_a_course_was_deleted_is_put_beside_when_it_returns(
    roster: Cast, take: Take
) -> None:
    take(c=HEAD + "reading,REA,Reading,,deleted")
    take(o=f"user_id,login_id,full_name,status\ncora,{roster.elsewhere.login_id},Cora,active")
    ObservationLink.objects.create(
        root_account=roster.root, observer=roster.observer, student=roster.elsewhere
    )
    take(c=HEAD + "reading,REA,Reading,,published")
    assert enrolments_of(roster.observer) == [("Reading", "ObserverEnrollment", "active")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",ALG,Algebra,,active", "No course_id given for a course"),
        ("alg,,Algebra,,active", "No short_name given for a course"),
        ("alg,ALG,,,active", "No long_name given for a course"),
        ("alg,ALG,Algebra,,open", 'Improper status "open" for a course'),
        ("alg,ALG,Algebra,moon,active", "There is no account moon"),
        ("alg,ALG,Algebra,gone,active", "Account gone is deleted"),
    ],
)
def test_a_bad_course_is_told_and_the_next_one_is_taken(
    roster: Cast, take: Take, row: str, reason: str
) -> None:
    Account.objects.create(
        root_account=roster.root, parent=roster.root, name="Gone", sis_id="gone", state="deleted"
    )
    report = take(c=HEAD + f"{row}\ngeo,GEO,Geometry,,active")
    assert [(p.line, p.reason) for p in report.errors] == [(2, reason)]
    assert Course.objects.filter(sis_id="geo").exists()


@pytest.mark.parametrize(
    "day",
    ["31.01.2030", "2030-02-31", "soon", "0001-01-01T00:00:00+14:00", "1000-12-31", "9999-12-31"],
)
def test_a_date_that_is_none_is_told(roster: Cast, take: Take, day: str) -> None:
    report = take(c=f"course_id,short_name,long_name,status,end_date\nx,X,X,active,{day}")
    assert reasons(report) == [
        f"end_date “{day}” is not a date like 2030-01-31 or 2030-01-31T08:00:00Z"
    ]


def test_who_may_only_import_moves_none(roster: Cast, take: Take, clerk: User) -> None:
    """Else who runs one school would come to run another's course."""
    rows = HEAD + "bio,BIO,Biology,science,active\nreading,REA,Reading,high,active"
    for also in (None, roster.accounts.high):
        if also is not None:
            make_admin(roster, clerk, also)
        report = take(by=clerk, c=rows)
        assert [(p.line, p.reason) for p in report.errors] == [
            (3, "Whoever imports must be Account Admin where it is and where it goes")
        ]
    assert not take(by=clerk, c=HEAD + "bio,BIO,Biology,high,active").errors
    assert Course.objects.get(sis_id="bio").account == roster.accounts.high
    make_admin(roster, clerk, roster.accounts.elementary)
    assert not take(by=clerk, c=rows).errors
    assert Course.objects.get(sis_id="reading").account == roster.accounts.high


# --- Sections ---


def test_a_section_is_made_changed_and_deleted(roster: Cast, take: Take) -> None:
    assert take(s=SECTIONS + "b3,bio,Third,active").changes["sections"] == {"created": 1}
    assert take(s=SECTIONS + "b3,bio,3rd,active").changes["sections"] == {"updated": 1}
    assert take(s=SECTIONS + "b3,bio,3rd,deleted").changes["sections"] == {"deleted": 1}
    section = Section.objects.get(sis_id="b3")
    assert (section.name, section.state, section.is_default) == ("3rd", "deleted", False)


def test_nobody_stays_enrolled_in_a_deleted_section(roster: Cast, take: Take) -> None:
    head = "section_id,user_id,role,status\n"
    take(o="observer_id,student_id,status\nobserver,classmate,active")
    take(e=head + "bio-2,classmate,student,active")
    take(s=SECTIONS + "bio-2,bio,Second,deleted")
    there = Enrolment.objects.filter(section__sis_id="bio-2")
    assert {e.state for e in there} == {"deleted"}
    assert there.count() == 2


def test_a_section_that_moves_takes_its_people_along(roster: Cast, take: Take) -> None:
    take(e="section_id,user_id,role,status\nbio-2,classmate,student,active")
    take(s=SECTIONS + "bio-2,reading,Second,active")
    enrolment = Enrolment.objects.get(section__sis_id="bio-2")
    assert enrolment.course == roster.courses.reading


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",bio,Third,active", "No section_id given for a section"),
        ("b3,,Third,active", "No course_id given for a section"),
        ("b3,bio,,active", "No name given for a section"),
        ("b3,bio,Third,on", 'Improper status "on" for a section'),
        ("b3,moon,Third,active", "There is no course moon"),
        ("b3,gone,Third,active", "Course gone is deleted"),
        ("first,bio,First,deleted", "Section first is its course's default section"),
        ("first,reading,First,active", "Section first is its course's default section"),
    ],
)
def test_a_bad_section_is_told_and_the_next_one_is_taken(
    roster: Cast, take: Take, row: str, reason: str
) -> None:
    Section.objects.filter(course=roster.courses.biology, is_default=True).update(sis_id="first")
    take(c=HEAD + "gone,GON,Gone,,active")
    take(c=HEAD + "gone,GON,Gone,,deleted")
    report = take(s=SECTIONS + f"{row}\nb4,bio,Fourth,active")
    assert [(p.line, p.reason) for p in report.errors] == [(2, reason)]
    assert Section.objects.filter(sis_id="b4").exists()


def test_a_deleted_course_keeps_its_enrolments_for_its_return(roster: Cast, take: Take) -> None:
    enrol(roster, roster.observer, roster.courses.reading, "TaEnrollment")
    take(c=HEAD + "reading,REA,Reading,,deleted")
    assert Enrolment.objects.get(user=roster.observer).state == "active"
