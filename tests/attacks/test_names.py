"""Names that would bring sentences of their own into the school's mails and lists: one line at
every door, and none with characters that nobody sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account, User
from courses.models import Course, Section
from pairing_service.naming import is_readable, one_line
from permissions.models import Role
from sis.importing import import_files
from tests.cast import Cast

SENTENCES = "you,\r\n\r\nYour school account is\tlocked.\u2028Follow  evil.example"
IN_ONE_LINE = "you, Your school account is locked. Follow evil.example"
UNREADABLE = [
    "Ada\x1b[2J Okafor", "Ada\x07", "Ada \u202eorafakO", "\u2067Ada", "Ada\x9b",
    "\u200b\u200b", "\u3164", "Ada\u200b Okafor", "Ada\u00ad",
]  # fmt: skip
PARENT = {"email": "ruth@home.example", "password": "willow-under-rain"}


@pytest.mark.parametrize("name", ["José", "山田 太郎", "O’Brien-Łuk", "علی\u200cرضا", "Ada\u200f"])
def test_what_is_readable(name: str) -> None:
    assert is_readable(one_line(name))


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_not(name: str) -> None:
    assert not is_readable(one_line(name))


# --- Who registers ---


def _register(cast: Cast, rest: Any, **names: str) -> Any:
    body = {
        "user": {"name": "Ruth", "initial_enrollment_type": "observer"} | names,
        "pseudonym": {"unique_id": PARENT["email"], "password": PARENT["password"]},
        "pairing_code": {"code": cast.code().text},
    }
    return rest(None).post("/api/v1/accounts/self/users", body, format="json")


def _register_on_page(cast: Cast, signed_in: Any, name: str) -> Any:
    browser = signed_in(None)
    browser.post("/register/observer/code", {"code": cast.code().shown})
    return browser.post("/register/observer", PARENT | {"name": name})


def _ruth() -> User:
    return User.objects.get(login_id=PARENT["email"])


def test_who_registers_has_names_of_one_line(cast: Cast, rest: Any) -> None:
    answer = _register(cast, rest, name=SENTENCES, short_name="R\nU", sortable_name="O,\n\tR")
    assert answer.json()["name"] == IN_ONE_LINE
    ruth = _ruth()
    assert (ruth.name, ruth.short_name, ruth.sortable_name) == (IN_ONE_LINE, "R U", "O, R")


def test_who_registers_on_the_page_too(cast: Cast, signed_in: Any) -> None:
    assert _register_on_page(cast, signed_in, SENTENCES).status_code == 302
    ruth = _ruth()
    assert (ruth.name, ruth.short_name) == (IN_ONE_LINE, IN_ONE_LINE)
    assert ruth.sortable_name == "evil.example, you, Your school account is locked. Follow"


@pytest.mark.parametrize("field", ["name", "short_name", "sortable_name"])
@pytest.mark.parametrize("name", UNREADABLE)
def test_nobody_registers_with_what_is_not_readable(
    cast: Cast, rest: Any, field: str, name: str
) -> None:
    answer = _register(cast, rest, **{field: name})
    assert (answer.status_code, answer.json()["errors"]["user"][field][0]["type"]) == (
        400, "invalid",
    )  # fmt: skip
    assert not User.objects.filter(login_id=PARENT["email"]).exists()


def test_nor_on_the_page(cast: Cast, signed_in: Any) -> None:
    answer = _register_on_page(cast, signed_in, UNREADABLE[0])
    assert answer.status_code == 422
    assert "A name has no unseen characters" in answer.content.decode()


# --- Whoever changes names ---


def test_what_is_changed_is_one_line_and_only_spaces_are_no_change(cast: Cast, rest: Any) -> None:
    api = rest(cast.root_admin)
    url = f"/api/v1/users/{cast.student.pk}"
    before = User.objects.get(pk=cast.student.pk)
    api.put(url, {"user": {"name": before.name.replace(" ", "\n\n ")}}, format="json")
    assert User.objects.get(pk=cast.student.pk).updated_at == before.updated_at
    api.put(url, {"user": {"name": "Ada\tMae\nOkafor"}}, format="json")
    ada = User.objects.get(pk=cast.student.pk)
    assert (ada.name, ada.sortable_name) == ("Ada Mae Okafor", "Okafor, Ada Mae")


def _wanted(cast: Cast, name: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """The doors of the API by what is named there."""
    account, course = "/api/v1/accounts", f"/api/v1/courses/{cast.courses.biology.pk}"
    person = {"user": {"name": name}, "pseudonym": {"unique_id": "new"}}
    return {
        "person": ("post", f"{account}/self/users", person),
        "changed person": ("put", f"/api/v1/users/{cast.ta.pk}", {"user": {"name": name}}),
        "account": ("put", f"{account}/{cast.accounts.high.pk}", {"account": {"name": name}}),
        "sub-account": ("post", f"{account}/self/sub_accounts", {"account": {"name": name}}),
        "course": ("post", f"{account}/self/courses", {"course": {"name": name}}),
        "changed course": ("put", course, {"course": {"name": name, "course_code": name}}),
        "section": ("post", f"{course}/sections", {"course_section": {"name": name}}),
        "role": ("post", f"{account}/self/roles", {"label": name}),
    }  # fmt: skip


_NAMED = {"account": Account, "course": Course, "section": Section, "role": Role, "person": User}


@pytest.mark.parametrize("what", [
    "person", "changed person", "account", "sub-account", "course", "changed course", "section",
    "role",
])  # fmt: skip
def test_every_door_of_the_api(cast: Cast, rest: Any, what: str) -> None:
    field = "label" if what == "role" else "name"
    kind = what.split()[-1].removeprefix("sub-")
    named = _NAMED[kind].objects.filter(**{f"{field}__startswith": "Ann"})
    method, url, body = _wanted(cast, "Ann\x07e")[what]
    answer = getattr(rest(cast.root_admin), method)(url, body, format="json")
    assert (answer.status_code, named.count()) == (400, 0), answer.content
    method, url, body = _wanted(cast, "Ann\r\nLee\u2029May")[what]
    answer = getattr(rest(cast.root_admin), method)(url, body, format="json")
    assert answer.status_code == 200, answer.content
    assert {getattr(one, field) for one in named} == {"Ann Lee May"}


def test_a_page_says_so(cast: Cast, signed_in: Any) -> None:
    given = {"name": "Ann\x07e", "login_id": "ann", "email": ""}
    url = f"/accounts/{cast.root.pk}/users/new"
    answer = signed_in(cast.root_admin).post(url, given)
    assert answer.status_code == 422
    assert "A name has no unseen characters" in answer.content.decode()
    signed_in(cast.root_admin).post(url, given | {"name": "Ann\nLee"})
    assert User.objects.get(login_id="ann").name == "Ann Lee"


# --- Rosters ---


def test_an_import_takes_names_in_one_line(cast: Cast, tmp_path: Path) -> None:
    people = '"user_id","login_id","full_name","status"\nu1,tim,"Tim\nVarga",active\n'
    courses = 'course_id,short_name,long_name,status\nc1,"B\tI","Bio\nlogy",active\n'
    accounts = 'account_id,parent_account_id,name,status\na1,,"Mid\ndle",active\n'
    files = {"u": people, "c": courses, "a": accounts}
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    paths = [tmp_path / f"{name}.csv" for name in files]
    import_files(root_account=cast.root, paths=paths)
    tim, course = User.objects.get(sis_id="u1"), Course.objects.get(sis_id="c1")
    assert (tim.name, tim.sortable_name) == ("Tim Varga", "Varga, Tim")
    assert (course.name, course.course_code) == ("Bio logy", "B I")
    assert Section.objects.get(course=course).name == "Bio logy"
    assert Account.objects.get(sis_id="a1").name == "Mid dle"
    again = import_files(root_account=cast.root, paths=paths)
    assert not any(again.changes.values())


def test_an_import_refuses_rows_with_others(cast: Cast, tmp_path: Path) -> None:
    rows = "".join(f"u{n},l{n},{name},active\n" for n, name in enumerate(UNREADABLE))
    text = f"user_id,login_id,full_name,status\n{rows}u9,tim,Tim,active"
    (tmp_path / "u.csv").write_text(text, encoding="utf-8")
    report = import_files(root_account=cast.root, paths=[tmp_path / "u.csv"])
    assert [one.line for one in report.errors] == [*range(2, 2 + len(UNREADABLE))]
    assert all("unseen characters" in one.reason for one in report.errors)
    assert [*User.objects.filter(sis_id__startswith="u").values_list("sis_id", flat=True)] == ["u9"]
