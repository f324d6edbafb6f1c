"""enrollments.csv: who is in which section; what counts; observers follow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from accounts.models import User
from courses.models import Course, Enrolment
from pairing.actions import link
from permissions.models import Role
from tests.cast import Cast, enrol, make_account_role
from tests.sis.conftest import Take, enrolments_of, reasons

HEAD = "course_id,section_id,user_id,role,status,associated_user_id\n"


def one(user: User, section: str = "Second") -> Enrolment:
    return Enrolment.objects.get(user=user, section__name=section)


def of(user: User, course: Course) -> Enrolment:
    return Enrolment.objects.get(user=user, course=course)


def linked(cast: Cast) -> None:
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)


def test_an_imported_enrolment_counts(roster: Cast, take: Take) -> None:
    report = take(e=HEAD + ",bio-2,student,student,active,")
    made = one(roster.student)
    assert report.changes["enrollments"] == {"created": 1}
    assert (made.course, made.type, made.state) == (
        roster.courses.biology, "StudentEnrollment", "active",
    )  # fmt: skip
    assert made.activated_at is not None
    assert made.root_account_id == roster.root.pk


def test_a_course_alone_means_its_default_section(roster: Cast, take: Take) -> None:
    take(e=HEAD + "reading,,student,student,active,")
    assert of(roster.student, roster.courses.reading).section.is_default


@pytest.mark.parametrize(
    ("role", "type_"),
    [
        ("student", "StudentEnrollment"),
        ("Teacher", "TeacherEnrollment"),
        ("ta", "TaEnrollment"),
        ("designer", "DesignerEnrollment"),
        ("observer", "ObserverEnrollment"),
    ],
)
def test_a_word_names_a_role(roster: Cast, take: Take, role: str, type_: str) -> None:
    take(e=HEAD + f"reading,,student,{role},active,")
    assert of(roster.student, roster.courses.reading).type == type_


def test_a_custom_role_is_named_by_its_label_or_id(roster: Cast, take: Take) -> None:
    role = Role.objects.create(
        root_account=roster.root, account=roster.root, label="Tutor", base_role="TaEnrollment"
    )
    take(
        e=HEAD + "reading,,student,Tutor,active,",
        f=f"course_id,user_id,role_id,status\nreading,classmate,{role.pk},active",
    )
    there = Enrolment.objects.filter(role=role)
    assert {(e.user, e.type) for e in there} == {
        (roster.student, "TaEnrollment"), (roster.classmate, "TaEnrollment"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "state", "counts"),
    [
        ("active", "active", True),
        ("completed", "completed", True),
        ("inactive", "inactive", False),
        ("ACTIVE", "active", True),
    ],
)
def test_a_status_is_a_state_and_some_count(
    roster: Cast, take: Take, status: str, state: str, counts: bool
) -> None:
    take(e=HEAD + f",bio-2,student,student,{status},")
    made = one(roster.student)
    assert (made.state, made.activated_at is not None) == (state, counts)


def test_an_invitation_counts_once_the_roster_has_it(roster: Cast, take: Take) -> None:
    invited = enrol(roster, roster.student, roster.courses.reading, "StudentEnrollment", "invited")
    report = take(e=HEAD + "reading,,student,student,active,")
    invited.refresh_from_db()
    assert (invited.state, report.changes["enrollments"]) == ("active", {"updated": 1})
    assert invited.activated_at is not None


def test_what_counts_already_keeps_its_day(roster: Cast, take: Take) -> None:
    before = of(roster.student, roster.courses.biology).activated_at
    take(e=HEAD + "bio,,student,student,completed,")
    assert of(roster.student, roster.courses.biology).activated_at == before


def test_deleted_deletes_and_what_is_not_there_stays_away(roster: Cast, take: Take) -> None:
    report = take(e=HEAD + "bio,,student,student,deleted,\nreading,,student,student,deleted,")
    assert report.changes["enrollments"] == {"deleted": 1}
    assert (report.unchanged, report.errors) == (1, [])
    assert of(roster.student, roster.courses.biology).state == "deleted"


def test_the_last_of_a_persons_enrolments_in_a_course_is_concluded(
    roster: Cast, take: Take
) -> None:
    take(e=HEAD + ",bio-2,student,student,active,")
    last = ",student,student,deleted_last_completed,\n"
    take(e=HEAD + f"bio,{last}bio,bio-2{last}")
    assert enrolments_of(roster.student) == [
        ("Biology", "StudentEnrollment", "deleted"),
        ("History", "StudentEnrollment", "active"),
        ("Second", "StudentEnrollment", "completed"),
    ]
    again = take(e=HEAD + f"bio,{last}bio,bio-2{last}")
    assert (again.total_changes, again.unchanged) == (0, 2)


def test_dates_and_the_limit_to_a_section_are_taken(roster: Cast, take: Take) -> None:
    head = "section_id,user_id,role,status,limit_section_privileges,start_date,end_date\n"
    take(e=head + "bio-2,student,student,active,true,2030-01-07,")
    made = one(roster.student)
    assert (made.limited_to_section, made.start_at, made.end_at) == (
        True, datetime(2030, 1, 7, tzinfo=UTC), None,
    )  # fmt: skip
    take(e="section_id,user_id,role,status\nbio-2,student,student,active")
    made.refresh_from_db()
    assert (made.limited_to_section, made.start_at is None) == (True, False)


# --- Observers ---


def test_a_students_observer_follows(roster: Cast, take: Take) -> None:
    linked(roster)
    take(e=HEAD + ",bio-2,student,student,active,")
    mine = one(roster.observer)
    assert (mine.associated_user, mine.type) == (roster.student, "ObserverEnrollment")
    take(e=HEAD + ",bio-2,student,student,deleted,")
    mine.refresh_from_db()
    assert mine.state == "deleted"


def test_without_a_link_nobody_is_attached_to_a_student(roster: Cast, take: Take) -> None:
    report = take(e=HEAD + "bio,,observer,observer,active,student")
    assert reasons(report) == [
        "User observer has no active link to student student: user_observers.csv makes one"
    ]
    assert enrolments_of(roster.observer) == []


def test_a_removed_link_is_none(roster: Cast, take: Take) -> None:
    linked(roster)
    take(o="observer_id,student_id,status\nobserver,student,deleted")
    report = take(e=HEAD + "bio,,observer,observer,active,student")
    assert len(report.errors) == 1
    assert {state for _, _, state in enrolments_of(roster.observer)} == {"deleted"}


def test_a_link_of_the_same_run_is_one(roster: Cast, take: Take) -> None:
    report = take(
        e=HEAD + "bio,,observer,observer,active,student",
        o="observer_id,student_id,status\nobserver,student,active",
    )
    assert not report.errors
    assert of(roster.observer, roster.courses.biology).associated_user == roster.student


def test_an_observer_may_be_in_a_course_for_nobody(roster: Cast, take: Take) -> None:
    assert not take(e=HEAD + "bio,,observer,observer,active,").errors
    assert of(roster.observer, roster.courses.biology).associated_user is None


def test_only_an_observers_row_names_a_student(roster: Cast, take: Take) -> None:
    assert not take(e=HEAD + "bio,,observer,ta,active,student").errors
    assert of(roster.observer, roster.courses.biology).associated_user is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("bio,,,student,active,", "No user_id given for an enrollment"),
        (",,student,student,active,", "No course_id or section_id given for an enrollment"),
        ("bio,,student,,active,", "No role given"),
        ("bio,,student,student,enrolled,", 'Improper status "enrolled" for an enrollment'),
        ("bio,,moon,student,active,", "There is no user moon"),
        ("moon,,student,student,active,", "There is no course moon"),
        (",moon,student,student,active,", "There is no section moon"),
        ("reading,bio-2,student,student,active,", "Section bio-2 is not in course reading"),
        ("bio,,gone,student,active,", "User gone is deleted"),
        ("old,,student,student,active,", "The course is deleted"),
        (",bio-9,student,student,active,", "The section is deleted"),
        ("bio,,student,Wizard,active,", "There is no role “Wizard” here"),
        ("bio,,student,Next door,active,",
         "There is no role “Next door” here: it is another account's"),
        ("bio,,student,Past,active,", "The role “Past” is inactive"),
        ("bio,,student,AccountAdmin,active,",
         "The role “Account Admin” is one of accounts, not of courses"),
        ("bio,,observer,observer,active,observer", "Can't observe yourself user observer"),
        ("bio,,observer,observer,active,moon", "There is no user moon"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_and_the_next_one_is_taken(
    roster: Cast, take: Take, row: str, reason: str
) -> None:
    with_gone_things(roster, take)
    report = take(e=HEAD + f"{row}\nreading,,student,student,active,")
    assert [(p.file, p.line, p.reason) for p in report.errors] == [("e.csv", 2, reason)]
    assert of(roster.student, roster.courses.reading).state == "active"


def with_gone_things(cast: Cast, take: Take) -> None:
    User.objects.filter(pk=cast.designer.pk).update(sis_id="gone", state="deleted")
    take(
        c="course_id,short_name,long_name,status\nold,OLD,Old,active",
        s="section_id,course_id,name,status\nbio-9,bio,Ninth,active",
    )
    take(
        c="course_id,short_name,long_name,status\nold,OLD,Old,deleted",
        s="section_id,course_id,name,status\nbio-9,bio,Ninth,deleted",
    )
    for label, account, state in (
        ("Next door", cast.accounts.elementary, "active"), ("Past", cast.root, "inactive"),
    ):  # fmt: skip
        Role.objects.create(
            root_account=cast.root,
            account=account,
            label=label,
            base_role="TaEnrollment",
            state=state,
        )


@pytest.mark.parametrize(("cell", "said"), [("2030-13-01", "is not a date"), ("9", "not a date")])
def test_a_wrong_date_is_told(roster: Cast, take: Take, cell: str, said: str) -> None:
    report = take(e=f"course_id,user_id,role,status,start_date\nbio,student,student,active,{cell}")
    assert said in reasons(report)[0]


def test_a_limit_is_true_or_false(roster: Cast, take: Take) -> None:
    head = "course_id,user_id,role,status,limit_section_privileges\n"
    assert reasons(take(e=head + "bio,student,student,active,maybe")) == [
        "limit_section_privileges “maybe” is neither true nor false"
    ]


def test_an_account_role_of_ones_own_is_no_course_role(roster: Cast, take: Take) -> None:
    make_account_role(roster, "Office", "read_roster")
    report = take(e=HEAD + "bio,,student,Office,active,")
    assert reasons(report) == ["The role “Office” is one of accounts, not of courses"]


def test_the_same_row_twice_is_one_enrolment_and_the_later_counts(roster: Cast, take: Take) -> None:
    report = take(e=HEAD + ",bio-2,student,student,active,\n,bio-2,student,student,inactive,")
    assert (one(roster.student).state, report.changes["enrollments"]) == (
        "inactive", {"created": 1},
    )  # fmt: skip


@pytest.mark.parametrize("states", [("active", "deleted"), ("active", "deleted", "active")])
def test_a_new_place_may_end_and_return_within_a_file(
    roster: Cast, take: Take, states: tuple[str, ...]
) -> None:
    text = HEAD + "\n".join(f"reading,,student,student,{state}," for state in states)
    assert take(e=text).errors == []
    assert Enrolment.objects.get(user=roster.student, course__sis_id="reading").state == states[-1]
    assert take(e=text).total_changes == 0


def test_another_tenants_people_and_courses_are_not_found(roster: Cast, take: Take) -> None:
    User.objects.filter(pk=roster.stranger.pk).update(sis_id="stranger")
    report = take(e=HEAD + "bio,,stranger,student,active,")
    assert reasons(report) == ["There is no user stranger"]


def test_a_row_that_changes_is_stamped_and_others_are_not(roster: Cast, take: Take) -> None:
    begun = timezone.now()
    take(e=HEAD + "bio,,student,student,inactive,\nbio,,classmate,student,active,")
    assert of(roster.student, roster.courses.biology).updated_at >= begun
    assert of(roster.classmate, roster.courses.biology).updated_at < begun
