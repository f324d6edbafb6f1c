"""Logins that look like a teacher's: refused at every door, with a sentence; the same letters in
another form are the same login."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts.look_alikes import may_deceive
from accounts.models import Login, User
from sis.importing import import_files
from tests.cast import Cast

# tomas.varga with a Cyrillic a, a Greek o, nothing between two letters, the direction turned round.
DECEIVING = [
    "tomаs.varga",
    "tοmas.varga",
    "to\u200bmas.varga",
    "\u202etomas.varga",
    "tomas.varg\u00ada",
]
ADDRESS = "root@nоrthfield.example"  # a Cyrillic o in the domain


@pytest.mark.parametrize("login", [*DECEIVING, ADDRESS, "a\tb"])
def test_what_deceives(login: str) -> None:
    assert may_deceive(login)


@pytest.mark.parametrize(
    "login",
    ["tomas.varga", "ada@example.org", "josé", "олена.коваль", "山田太郎", "γιάννης", "ali.ﬁ"],
)  # fmt: skip
def test_what_does_not(login: str) -> None:
    assert not may_deceive(login)


@pytest.mark.parametrize("login", DECEIVING)
def test_the_api_refuses_them(cast: Cast, rest: Any, login: str) -> None:
    people = User.objects.count()
    body = {"pseudonym": {"unique_id": login}, "user": {"name": "T"}}
    answer = rest(cast.root_admin).post("/api/v1/accounts/self/users", body, format="json")
    (said,) = answer.json()["errors"]["pseudonym"]["unique_id"]
    assert (answer.status_code, said["type"]) == (400, "invalid")
    assert User.objects.count() == people
    body = {"user": {"id": cast.ta.pk}, "login": {"unique_id": login}}
    answer = rest(cast.root_admin).post("/api/v1/accounts/self/logins", body, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"]["unique_id"][0]["type"] == "invalid"
    assert Login.objects.filter(user=cast.ta).count() == 1


def test_a_page_refuses_them(cast: Cast, signed_in: Any) -> None:
    people = User.objects.count()
    given = {"name": "T", "login_id": DECEIVING[0], "email": ""}
    answer = signed_in(cast.root_admin).post(f"/accounts/{cast.root.pk}/users/new", given)
    assert answer.status_code == 422
    assert "letters of one alphabet" in answer.content.decode()
    assert User.objects.count() == people


def test_registering_refuses_them(cast: Cast, rest: Any) -> None:
    body = {
        "user": {"name": "T", "initial_enrollment_type": "observer"},
        "pseudonym": {"unique_id": ADDRESS, "password": "a-long-password-9"},
        "pairing_code": {"code": cast.code().text},
    }
    answer = rest(None).post("/api/v1/accounts/self/users", body, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"]["pseudonym"]["unique_id"][0]["type"] == "invalid"


def test_an_import_refuses_their_rows(cast: Cast, tmp_path: Path) -> None:
    rows = "".join(f"u{n},{login},T,active\n" for n, login in enumerate(DECEIVING[:3]))
    text = f"user_id,login_id,full_name,status\n{rows}u9,tim,Tim,active"
    (tmp_path / "u.csv").write_text(text, encoding="utf-8")
    report = import_files(root_account=cast.root, paths=[tmp_path / "u.csv"])
    assert [one.line for one in report.errors] == [2, 3, 4]
    assert all("several alphabets" in one.reason for one in report.errors)
    assert [*User.objects.filter(sis_id__startswith="u").values_list("sis_id", flat=True)] == ["u9"]


@pytest.mark.parametrize("same", ["ＡＤＡ.okafor", "Ada.Okafor", " ada.okafor ", "𝒶da.okafor"])
def test_another_form_of_a_login_is_taken(cast: Cast, rest: Any, same: str) -> None:
    body = {"user": {"id": cast.ta.pk}, "login": {"unique_id": same}}
    answer = rest(cast.root_admin).post("/api/v1/accounts/self/logins", body, format="json")
    assert answer.json()["errors"]["unique_id"][0]["type"] == "taken"
