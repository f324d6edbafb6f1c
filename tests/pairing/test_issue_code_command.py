"""`manage.py issue_code`: the rule of the surface that it stands for, held by whom it names."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import Event
from pairing.models import PairingCode
from tests.cast import Cast
from tests.pairing.surfaces import DETAILS_PAIR, SETTINGS_PAIR, Case

pytestmark = pytest.mark.whole


def run(cast: Cast, *args: str) -> str:
    out = StringIO()
    call_command("issue_code", *args, "--account", str(cast.root.pk), stdout=out)
    return out.getvalue()


def is_refused(cast: Cast, *args: str) -> bool:
    try:
        run(cast, *args)
    except CommandError:
        return True
    return False


@pytest.mark.parametrize("case", SETTINGS_PAIR, ids=str)
def test_without_a_course_it_is_the_students_settings(cast: Cast, case: Case) -> None:
    caller = case.arrange(cast)
    assert is_refused(cast, "ada.okafor", "--by", caller.login_id) is not case.allowed
    assert PairingCode.objects.filter(surface="command").exists() is case.allowed


@pytest.mark.parametrize("case", DETAILS_PAIR, ids=str)
def test_with_a_course_it_is_user_details_there(cast: Cast, case: Case) -> None:
    caller = case.arrange(cast)
    course = str(cast.courses.biology.pk)
    refused = is_refused(cast, "ada.okafor", "--by", caller.login_id, "--course", course)
    assert refused is not case.allowed
    assert PairingCode.objects.filter(surface="command").exists() is case.allowed


def test_a_student_makes_their_own_and_it_is_recorded(cast: Cast) -> None:
    shown = run(cast, "sis_user_id:s-ada", "--by", "ada.okafor")
    assert len(shown.strip()) == 11
    event = Event.objects.get(action="code_issued")
    assert (event.actor, event.subject) == (cast.student, cast.student)
    assert shown.strip().replace("-", "") not in json.dumps(event.data)


def test_json_is_one_object(cast: Cast) -> None:
    answer = json.loads(run(cast, "ada.okafor", "--by", "ada.okafor", "--json"))
    assert answer["user_id"] == cast.student.pk
    assert len(answer["code"]) == 10
    assert answer["expires_at"] == f"{PairingCode.objects.get().expires_at:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nobody", "--by", "ada.okafor"], "There is no “nobody” in Northfield."),
        (["ada.okafor", "--by", "nobody"], "Nobody active has the login “nobody” in Northfield."),
        (
            ["ada.okafor", "--by", "ada.okafor", "--course", "0"],
            "There is no course “0” (an id or sis_course_id:…).",
        ),
        (["tomas.varga", "--by", "tomas.varga"], "Tomas Varga is no student."),
        (
            ["ada.okafor", "--by", "tomas.varga"],
            "tomas.varga may not act as Ada Okafor: for User Details give --course.",
        ),
        (
            ["ada.okafor", "--by", "tomas.varga", "--course", "Biology"],
            "To make a code for Ada Okafor you need"
            " “Users - generate observer pairing codes for students” in Biology;"
            " an administrator of Science can change that under Permissions.",
        ),
    ],
)
def test_a_refusal_says_why_in_json_too(cast: Cast, args: list[str], said: str) -> None:
    args = [str(cast.courses.biology.pk) if arg == "Biology" else arg for arg in args]
    out = StringIO()
    more: dict[str, Any] = {"stdout": out}
    with pytest.raises(CommandError, match=re.escape(said)) as refused:
        call_command("issue_code", *args, "--account", str(cast.root.pk), "--json", **more)
    assert str(refused.value) == said
    assert json.loads(out.getvalue()) == {"error": said}
    assert not PairingCode.objects.exists()


def test_another_tenants_people_are_not_there(cast: Cast) -> None:
    with pytest.raises(CommandError, match="There is no"):
        run(cast, "root@southfield.example", "--by", "root@northfield.example")
