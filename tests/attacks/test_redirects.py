"""Whatever says where to go next leads nowhere else: `next`, `back`, headers, `return_to`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from pairing.models import ObservationLink
from tests.cast import PASSWORD, Cast

ELSEWHERE = [
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example",
    "\\\\evil.example", "https:evil.example", "http:///evil.example",
    "https://testserver@evil.example/", "https://testserver.evil.example/", "javascript:alert(1)",
    "data:text/html,x", "/\t/evil.example", "\x08//evil.example", "ftp://testserver/",
    "https://evil.example\\@testserver", "//evil。example",
]  # fmt: skip


def stays(answer: Any) -> bool:
    """Whether a redirect keeps to this host."""
    target = urlsplit(answer["Location"].replace("\\", "/"))
    return target.scheme in ("", "http") and target.netloc in ("", "testserver")


@pytest.mark.parametrize("where", ELSEWHERE)
def test_after_signing_in(cast: Cast, signed_in: Any, where: str) -> None:
    given = {"login": cast.student.login_id, "password": PASSWORD, "next": where}
    answer = signed_in(None).post("/login", given, headers={"host": "testserver"})
    assert answer.status_code == 302
    assert stays(answer), answer["Location"]
    again = signed_in(cast.student).get("/login", {"next": where})  # signed in already
    assert again.status_code == 302
    assert stays(again), again["Location"]


@pytest.mark.parametrize("where", ELSEWHERE)
def test_after_signing_out_a_language_and_acting(cast: Cast, signed_in: Any, where: str) -> None:
    for path, given in [
        ("/language", {"language": "es", "next": where}),
        ("/masquerade/stop", {"next": where}),
        ("/logout", {"next": where}),
    ]:
        answer = signed_in(cast.root_admin).post(path, given)
        assert answer.status_code == 302, path
        assert stays(answer), (path, answer["Location"])


@pytest.mark.parametrize("where", ELSEWHERE)
def test_back_from_a_form(cast: Cast, signed_in: Any, where: str) -> None:
    link = ObservationLink.objects.create(
        root_account=cast.root, observer=cast.observer, student=cast.student
    )
    answer = signed_in(cast.student).post(f"/profile/observers/{link.pk}/question", {"back": where})
    assert answer.status_code == 302
    assert stays(answer), answer["Location"]
    role = cast.roles["TeacherEnrollment"]
    cell = f"/accounts/{cast.root.pk}/permissions/roles/{role.pk}/read_roster"
    given = {"value": "off", "back": where}
    answer = signed_in(cast.root_admin).post(cell, given, headers={"referer": where.strip()})
    assert answer.status_code != 302 or stays(answer), answer["Location"]
    assert f'href="{where}"' not in answer.content.decode()


@pytest.mark.parametrize("where", ELSEWHERE)
def test_where_a_session_of_an_app_opens(cast: Cast, rest: Any, where: str) -> None:
    answer = rest(cast.student).get("/login/session_token", {"return_to": where})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


def test_a_part_of_a_page_names_no_other_site(cast: Cast, signed_in: Any) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/x"}
    answer = signed_in(None).get("/profile/settings", headers=headers)
    assert answer["HX-Redirect"] == "/login?next=/"
