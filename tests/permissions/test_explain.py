"""Explaining, by examples: every surface of the pairing rule, then what is told and what is not."""

from __future__ import annotations

import json

import pytest

from accounts.actor import Actor
from accounts.models import Account, User
from accounts.rules import SEE_PERSON
from courses.models import Course, Enrolment
from pairing.rules import ISSUE_ON_DETAILS, ISSUE_ON_SETTINGS, ISSUE_OVER_REST
from permissions.explaining.as_json import explanation_json
from permissions.explaining.changes import (
    Activate,
    ChangeSetting,
    Enrol,
    GiveRole,
    Reopen,
    SwitchOn,
)
from permissions.explaining.explain import Answer, Explanation, Question, about_permission, explain
from permissions.explaining.questions import (
    FAMILIES,
    Unclear,
    Unknown,
    actions,
    find_person,
    find_place,
    question_of,
)
from permissions.explaining.telling import answer, reasons, text
from permissions.models import Role
from permissions.policy import may
from tests.cast import Cast, enrol, make_account_role, make_admin
from tests.effort import walkers
from tests.pairing.surfaces import (
    ACT_AS,
    COURSE_ADMINISTRATION,
    DETAILS_PAIR,
    GENERATE,
    SETTINGS_PAIR,
    Case,
)


def operator(cast: Cast) -> Actor:
    return Actor(cast.actor(cast.root_admin).root_account, is_operator=True)


def asked(cast: Cast, question: Question, asker: User | None = None) -> Explanation:
    return explain(cast.actor(asker) if asker else operator(cast), question)


def issuing(
    cast: Cast, person: User, student: User, place: Course | Account | None = None
) -> Explanation:
    """`issue_code`, as the command asks it."""
    question = question_of(
        operator(cast), person=person, action="issue_code", permission="", target=student,
        place=place or cast.root,
    )  # fmt: skip
    return asked(cast, question)


def lacking(found: Explanation) -> set[str]:
    """Keys and settings that the nearest way lacks."""
    assert found.nearest is not None
    missing = (found.before.nearest.missing if found.before and found.before.nearest else []) + (
        found.nearest.missing
    )
    return {a.condition.permission or a.condition.setting or "" for a in missing}


# --- Every surface of the pairing rule ---


def test_ones_own_settings(cast: Cast) -> None:
    found = issuing(cast, cast.student, cast.student)
    assert found.question.rule is ISSUE_ON_SETTINGS
    assert found.allowed
    assert answer(found).startswith("Yes: Ada Okafor may make a pairing code from the student's")


def test_ones_own_settings_while_self_registration_is_off(cast: Cast) -> None:
    cast.set(self_registration="none")
    found = issuing(cast, cast.student, cast.student)
    assert not found.allowed
    assert lacking(found) == {"self_registration"}
    [[change]] = found.proposals
    assert isinstance(change, ChangeSetting)


@pytest.mark.parametrize("case", SETTINGS_PAIR, ids=str)
def test_settings_acting_as_the_student(cast: Cast, case: Case) -> None:
    found = issuing(cast, case.arrange(cast), cast.student)
    assert (found.question.rule, found.question.acting_as) == (ISSUE_ON_SETTINGS, cast.student)
    assert found.allowed is case.allowed
    lacks = {
        "neither": {GENERATE, ACT_AS},
        "generate only": {ACT_AS},
        "act as only": {GENERATE},
        "generate in another's course": {GENERATE},
        "generate where it does not count": {GENERATE},
        "both": set(),
        "both, self registration off": {"self_registration"},
    }
    assert lacking(found) == lacks[case.name]


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_user_details_in_a_course(cast: Cast, case: Case) -> None:
    """Exports, letters and the command with --course are the same rule, student by student."""
    found = issuing(cast, case.arrange(cast), cast.student, cast.courses.biology)
    assert found.question.rule is ISSUE_ON_DETAILS
    assert found.allowed is case.allowed
    lacks = {
        "neither": {GENERATE, COURSE_ADMINISTRATION},
        "generate only": {COURSE_ADMINISTRATION},
        "course administration only": {GENERATE},
        "each in another course": {COURSE_ADMINISTRATION},
        "both": set(),
        "both, self registration off": {"self_registration"},
    }
    assert lacking(found) == lacks[case.name]


def test_rest_tells_the_nearest_surface(cast: Cast) -> None:
    assert asked(cast, Question(cast.student, ISSUE_OVER_REST, cast.student)).allowed
    assert asked(cast, Question(cast.sub_admin, ISSUE_OVER_REST, cast.student)).allowed
    found = asked(cast, Question(cast.teacher, ISSUE_OVER_REST, cast.student))
    assert found.nearest is not None
    assert found.nearest.name == "details page"
    assert {type(change) for proposal in found.proposals for change in proposal} == {SwitchOn}


def test_a_student_who_was_only_invited_does_not_count(cast: Cast) -> None:
    cast.override("TeacherEnrollment", GENERATE)
    enrolments = Enrolment.objects.filter(user=cast.student, course=cast.courses.biology)
    enrolments.update(state="invited", activated_at=None)
    found = issuing(cast, cast.teacher, cast.student, cast.courses.biology)
    assert not found.allowed
    [[change]] = found.proposals
    assert isinstance(change, Activate)
    assert "Ada Okafor accepts their place in Biology" in change.sentence


def test_who_is_no_student_gets_no_proposal_that_would_not_help(cast: Cast) -> None:
    found = asked(cast, Question(cast.root_admin, ISSUE_OVER_REST, cast.teacher))
    assert not found.allowed
    assert found.proposals == []
    assert "Nothing that an administrator could change would make it yes." in text(found)


# --- Every action that can be asked about ---


PEOPLE = ["root_admin", "sub_admin", "teacher", "ta", "student", "observer", "deactivated_admin"]


@pytest.mark.parametrize("who", walkers(PEOPLE, ("root_admin", "ta")))
def test_every_action_is_explained_as_it_is_decided(cast: Cast, who: str) -> None:
    """And every sentence of it can be said, as text and as JSON."""
    enrol(cast, cast.ta, cast.courses.reading, "TaEnrollment")
    cast.override("TaEnrollment", GENERATE)
    person = getattr(cast, who)
    for name in sorted(set(actions()) - set(FAMILIES)):
        question = question_of(
            operator(cast), person=person, action=name, permission="", target=cast.student,
            place=cast.courses.biology,
        )  # fmt: skip
        found = asked(cast, question)
        assert found.allowed is may(cast.actor(person), question.rule, question.target), name
        assert text(found).startswith("Yes:" if found.allowed else "No:"), name
        assert json.dumps(explanation_json(found, lambda change: None)), name


# --- Roles, and where they decide ---


def holding(
    cast: Cast, person: User, key: str, place: Course | Account, asker: User | None = None
) -> tuple[Explanation, Answer]:
    found = asked(cast, about_permission(person, key, place), asker)
    [way] = found.ways
    [one] = way.answers
    return found, one


def test_the_row_that_decides_and_the_lock_are_told(cast: Cast) -> None:
    cast.override("TeacherEnrollment", GENERATE)
    cast.override("TeacherEnrollment", GENERATE, False, locked=True, account=cast.accounts.high)
    cast.override("TeacherEnrollment", GENERATE, account=cast.accounts.science)
    found, one = holding(cast, cast.teacher, GENERATE, cast.courses.biology)
    decision = one.held[0].roles[0].holding.decision
    assert decision.decided_by == decision.locked_by == cast.accounts.high.pk
    told = text(found)
    assert "Default: off for Teacher." in told
    assert "Northfield: switched on." in told
    assert "High: switched off and locked." in told
    assert "Science: switched on, which doesn't count: it is locked in High." in told
    [[change]] = found.proposals
    assert isinstance(change, SwitchOn)
    assert change.account == cast.accounts.high


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (None, "(off by default)"),
        ({"enabled": False}, "(switched off in High)"),
        ({"enabled": False, "locked": True}, "(switched off in High, and locked)"),
        ({"applies_to_descendants": False}, "(switched on in High, but not for here)"),
        ({}, "(switched on in High)"),
        ({"applies_to_self": False}, "(switched on in High)"),
    ],
)  # fmt: skip
def test_the_reason_says_what_decided(cast: Cast, row: dict | None, said: str) -> None:
    if row is not None:
        cast.override("TeacherEnrollment", GENERATE, account=cast.accounts.high, **row)
    found, _ = holding(cast, cast.teacher, GENERATE, cast.courses.biology)
    [reason] = reasons(found)
    assert f"Teacher in Biology {said}." in reason


def test_where_an_administrator_holds_the_role_is_told(cast: Cast) -> None:
    cast.override("AccountAdmin", GENERATE, False, account=cast.accounts.science)
    found, _ = holding(cast, cast.sub_admin, GENERATE, cast.accounts.science)
    assert found.allowed
    assert "High: nothing set, so it stays on. The role is held here." in text(found)
    assert "nothing is taken away below where the role is held" in text(found)


def test_a_concluded_course_is_told_and_would_have_to_be_reopened(cast: Cast) -> None:
    Course.objects.filter(pk=cast.courses.biology.pk).update(state=Course.State.COMPLETED)
    course = Course.objects.get(pk=cast.courses.biology.pk)
    found, _ = holding(cast, cast.teacher, COURSE_ADMINISTRATION, course)
    assert "It is concluded, and course roles only read there." in text(found)
    assert (Reopen(course),) in found.proposals
    assert holding(cast, cast.teacher, "read_roster", course)[0].allowed


def test_an_invitation_lends_nothing_and_can_be_accepted(cast: Cast) -> None:
    enrol(cast, cast.observer, cast.courses.biology, "TaEnrollment", "invited")
    found, _ = holding(cast, cast.observer, "read_roster", cast.courses.biology)
    assert "TA in Biology lends nothing: the enrolment is invited." in text(found)
    assert isinstance(found.proposals[0][0], Activate)


def test_without_a_role_the_least_one_is_proposed(cast: Cast) -> None:
    reader = make_account_role(cast, "Reader", "read_roster")
    make_account_role(cast, "Helper", "read_roster", GENERATE)
    found, _ = holding(cast, cast.observer, "read_roster", cast.accounts.high)
    assert found.proposals == [(GiveRole(cast.observer, reader, cast.accounts.high),)]
    in_course, _ = holding(cast, cast.observer, "read_roster", cast.courses.biology)
    kinds = {type(change) for proposal in in_course.proposals for change in proposal}
    assert kinds == {Enrol, GiveRole}


def test_account_admin_is_proposed_only_where_nothing_else_helps(cast: Cast) -> None:
    found, _ = holding(cast, cast.observer, ACT_AS, cast.root)
    [[change]] = found.proposals
    assert isinstance(change, GiveRole)
    assert change.role.base_role == "AccountAdmin"


def test_a_role_that_has_been_deactivated_is_not_proposed(cast: Cast) -> None:
    reader = make_account_role(cast, "Reader", "read_roster")
    Role.objects.filter(pk=reader.pk).update(state=Role.State.INACTIVE)
    found, _ = holding(cast, cast.observer, "read_roster", cast.accounts.high)
    assert reader not in [getattr(change, "role", None) for [change] in found.proposals]


def test_what_can_never_be_given_is_said(cast: Cast) -> None:
    found, _ = holding(cast, cast.student, GENERATE, cast.courses.biology)
    assert "Can't be given to Student." in text(found)


def test_whoever_is_suspended_may_do_nothing(cast: Cast) -> None:
    found, _ = holding(cast, cast.deactivated_admin, "read_roster", cast.root)
    assert not found.allowed
    assert found.proposals == []
    assert reasons(found) == ["Whoever is suspended or deleted may do nothing."]


# --- Who may ask what ---


def test_places_beyond_the_asker_are_counted_not_named(cast: Cast) -> None:
    enrol(cast, cast.student, cast.courses.reading, "StudentEnrollment")
    make_admin(cast, cast.ta, cast.accounts.elementary)
    question = Question(cast.ta, SEE_PERSON, cast.student)
    told = text(asked(cast, question, cast.sub_admin))
    assert "Reading" not in told
    assert "Elementary" not in told
    assert "in a place that you don't manage" in told
    assert "Reading" in text(asked(cast, question, cast.root_admin))


def test_the_answer_is_the_engines_even_when_its_reason_is_beyond_the_asker(cast: Cast) -> None:
    enrol(cast, cast.student, cast.courses.reading, "StudentEnrollment")
    enrol(cast, cast.observer, cast.courses.reading, "TaEnrollment")
    question = Question(cast.observer, SEE_PERSON, cast.student)
    found = asked(cast, question, cast.sub_admin)
    assert found.allowed is may(cast.actor(cast.observer), SEE_PERSON, cast.student) is True
    assert "Reading" not in text(found)


@pytest.mark.parametrize("name", ["cora.lind", "root@southfield.example", "nobody", "", "\x00"])
def test_people_whom_the_asker_may_not_see_are_unknown(cast: Cast, name: str) -> None:
    with pytest.raises(Unknown):
        find_person(cast.actor(cast.sub_admin), "person", name)


def test_a_person_is_found_by_login_id_and_sis_id(cast: Cast) -> None:
    asker = cast.actor(cast.sub_admin)
    for name in ("ada.okafor", "ADA.Okafor", str(cast.student.pk), "sis_user_id:s-ada"):
        assert find_person(asker, "person", name) == cast.student


def test_places_are_those_of_the_account_and_below(cast: Cast) -> None:
    asker = cast.actor(cast.sub_admin)
    high, biology = cast.accounts.high, cast.courses.biology
    assert find_place(asker, f"course:{biology.pk}", within=high) == biology
    assert find_place(asker, f"course_{biology.pk}", within=high) == biology
    assert find_place(asker, f"account:{high.pk}", within=high) == high
    for beyond in (f"course:{cast.courses.reading.pk}", f"account:{cast.root.pk}", "course:0"):
        with pytest.raises(Unknown):
            find_place(asker, beyond, within=high)
    with pytest.raises(Unclear):
        find_place(asker, "Biology", within=high)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"action": "", "permission": ""}, "action"),
        ({"action": "issue_code", "permission": GENERATE}, "action"),
        ({"action": "frobnicate"}, "action"),
        ({"permission": "frobnicate"}, "permission"),
        ({"action": "issue_code", "target": None}, "target"),
        ({"action": "issue_code_on_details", "target": None, "course": True}, "target"),
        ({"action": "see_course_people"}, "context"),
        ({"action": "issue_code", "target": "elsewhere", "course": True}, "target"),
    ],
)  # fmt: skip
def test_what_is_no_question_says_what_is_missing(cast: Cast, given: dict, field: str) -> None:
    target = given.get("target", "student")
    with pytest.raises(Unclear) as caught:
        question_of(
            operator(cast),
            person=cast.teacher,
            action=given.get("action", ""),
            permission=given.get("permission", ""),
            target=getattr(cast, target) if target else None,
            place=cast.courses.biology if given.get("course") else cast.root,
        )
    assert caught.value.field == field
