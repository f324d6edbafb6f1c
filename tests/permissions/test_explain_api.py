"""Explaining over REST and on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permissions.catalogue import PERMISSIONS
from tests.cast import Cast, enrol, make_course

KEYS = sorted(PERMISSIONS)
GENERATE = "generate_observer_pairing_code"
# The request's own, the rights of who asks and of the person, who and where; one for each row of
# the rule, two for each that goes through a student's enrolments.
MOST_QUERIES = 25


@pytest.fixture
def ask(cast: Cast, rest):
    def get(asker, place: Any, **params):
        kind = "courses" if hasattr(place, "course_code") else "accounts"
        return rest(asker).get(f"/api/v1/{kind}/{place.pk}/permissions/explain", params)

    return get


# --- REST ---


def test_an_action_in_a_course(cast: Cast, ask):
    params = {"actor": "tomas.varga", "action": "issue_code", "target": "ada.okafor"}
    answer = ask(cast.sub_admin, cast.courses.biology, **params)
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {
        "allowed", "answer", "reasons", "actor", "acting_as", "action", "permission", "target",
        "actor_is_active", "before", "ways", "proposals",
    }  # fmt: skip
    assert (body["allowed"], body["action"]) == (False, "issue_code_on_details")
    assert body["target"]["course_id"] == cast.courses.biology.pk
    [way] = body["ways"]
    [missing] = [c for c in way["conditions"] if not c["met"]]
    [role] = missing["held"][0]["roles"]
    assert missing["permission"] == GENERATE
    assert role["held_in"] == f"course_{cast.courses.biology.pk}"
    assert [step["account"] for step in role["trail"]] == [None] + [
        f"account_{pk}" for pk in cast.accounts.science.chain_ids
    ]
    [[change]] = body["proposals"]
    assert (change["kind"], change["permission"]) == ("switch_on", GENERATE)
    assert change["account_id"] == cast.accounts.science.pk
    assert change["html_url"].startswith(
        f"http://testserver/accounts/{cast.accounts.science.pk}/permissions/roles/"
    )


def test_a_permission_in_an_account_and_in_a_context_below_it(cast: Cast, ask):
    params = {"actor": "hugo.stern", "permission": "read_roster"}
    high, biology = cast.accounts.high, cast.courses.biology
    here = ask(cast.root_admin, high, **params).json()
    assert (here["allowed"], here["target"]["type"]) == (True, "account")
    below = ask(cast.root_admin, high, **params, context=f"course:{biology.pk}").json()
    assert (below["allowed"], below["target"]["id"]) == (True, biology.pk)


def test_ids_as_texts(cast: Cast, rest):
    url = f"/api/v1/accounts/{cast.root.pk}/permissions/explain?actor=self&permission=become_user"
    accept = "application/json+canvas-string-ids"
    body = rest(cast.root_admin).get(url, HTTP_ACCEPT=accept).json()
    assert body["actor"]["id"] == str(cast.root_admin.pk)


def test_a_change_that_is_anothers_to_make_has_no_address(cast: Cast, ask):
    cast.override("TeacherEnrollment", GENERATE, False, locked=True)
    params = {"actor": "tomas.varga", "permission": GENERATE}
    [[change]] = ask(cast.sub_admin, cast.courses.biology, **params).json()["proposals"]
    assert (change["account_id"], change["html_url"]) == (cast.root.pk, None)


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 400),
        ({"actor": "tomas.varga"}, 400),
        ({"actor": "tomas.varga", "action": "frobnicate"}, 400),
        ({"actor": "tomas.varga", "permission": "frobnicate"}, 400),
        ({"actor": "tomas.varga", "permission": GENERATE, "action": "issue_code"}, 400),
        ({"actor": "tomas.varga", "action": "issue_code"}, 400),
        ({"actor": "tomas.varga", "permission": GENERATE, "context": "Biology"}, 400),
        ({"actor": "tomas.varga", "permission": GENERATE, "context": "course:0"}, 404),
        ({"actor": "tomas.varga", "permission": GENERATE, "context": "account:default"}, 404),
        ({"actor": "nobody", "permission": GENERATE}, 404),
        ({"actor": "9" * 40, "permission": GENERATE}, 404),
        ({"actor": "cora.lind", "permission": GENERATE}, 404),
        ({"actor": "root@southfield.example", "permission": GENERATE}, 404),
        ({"actor": "tomas.varga", "action": "act_as", "target": "cora.lind"}, 404),
        ({"actor": "\x00", "permission": GENERATE}, 400),
        ({"actor[a]": "b", "permission": GENERATE}, 400),
    ],
)  # fmt: skip
def test_what_is_no_question_of_the_askers(cast: Cast, ask, params, status):
    answer = ask(cast.sub_admin, cast.accounts.high, **params)
    assert answer.status_code == status
    assert answer.json()["errors"]


def test_only_who_manages_permissions_there_may_ask(cast: Cast, ask):
    params = {"actor": "tomas.varga", "permission": GENERATE}
    for place in (cast.root, cast.accounts.elementary, cast.courses.reading):
        assert ask(cast.sub_admin, place, **params).status_code == 403
    assert ask(cast.teacher, cast.courses.biology, **params).status_code == 403


@pytest.mark.parametrize("action", ["issue_code", "issue_code_over_rest"])
def test_it_costs_the_same_for_many_as_for_few(cast: Cast, ask, action):
    params = {"actor": "tomas.varga", "action": action, "target": "ada.okafor"}
    few = _queries(ask, cast.root_admin, cast.courses.biology, **params)
    for number in range(10):
        course = make_course(cast.accounts.science, f"Course {number}")
        enrol(cast, cast.student, course, "StudentEnrollment")
        enrol(cast, cast.teacher, course, "TeacherEnrollment")
        cast.override("TaEnrollment", KEYS[number])
    many = _queries(ask, cast.root_admin, cast.courses.biology, **params)
    assert few == many <= MOST_QUERIES


def _queries(ask, *where, **params) -> int:
    ask(*where, **params)
    with CaptureQueriesContext(connection) as queries:
        assert ask(*where, **params).status_code == 200
    # Making the token of the test's client is no part of it.
    return len([q for q in queries if "INTO" not in q["sql"]])


# --- The command ---


@pytest.fixture
def command(cast: Cast, capsys):
    def explain(*words: str) -> str:
        call_command("explain", *words, "--account", str(cast.root.pk))
        return capsys.readouterr().out

    return explain


def test_the_command_settles_the_surface_by_the_context_and_says_so(cast: Cast, command):
    words = ["--actor", "tomas.varga", "--action", "issue_code", "--target", "ada.okafor"]
    in_course = command(*words, "--context", f"course:{cast.courses.biology.pk}")
    assert in_course.startswith(
        "No: Tomas Varga may not make a pairing code from User Details in a course"
        " (Ada Okafor in Biology)."
    )
    assert "What would have to change (any one of these):" in in_course
    assert "for the role Teacher in Science." in in_course
    elsewhere = command(*words, "--context", f"account:{cast.accounts.high.pk}")
    assert elsewhere.startswith(
        "No: Tomas Varga, acting as Ada Okafor, may not make a pairing code from the student's"
        " User Settings"
    )


def test_the_command_as_json(cast: Cast, command):
    told = command("--actor", "hugo.stern", "--permission", GENERATE, "--json",
                   "--context", f"account:{cast.accounts.high.pk}")  # fmt: skip
    assert json.loads(told)["allowed"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--actor", "nobody", "--permission", GENERATE], "There is no “nobody” here."),
        (["--actor", "hugo.stern", "--action", "frobnicate"], "There is no action “frobnicate”."),
        (["--actor", "hugo.stern", "--permission", GENERATE, "--context", "x"], "course:ID"),
        (["--actor", "hugo.stern", "--action", "see_course_people"], "Name a course"),
        (["--actor", "root@southfield.example", "--permission", GENERATE], "There is no “root@"),
    ],
)  # fmt: skip
def test_the_command_says_what_is_wrong(command, words, said):
    with pytest.raises(CommandError, match=said):
        command(*words)
