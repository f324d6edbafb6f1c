"""Pages get whatever somebody writes into their addresses and forms: never a server error."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver
from django.utils.http import urlencode

from accounts.models import Account, User
from courses.models import Enrolment
from pairing.models import ObservationLink
from permissions.models import AccountMembership, Override, Role
from tests.access.test_routes import filled, ids_of, methods_of, patterns
from tests.cast import Cast
from tests.effort import ODD_ROUNDS, some_of

HALF = "\ud800".encode("utf-8", "surrogatepass")
ODD = ["-1", "9" * 30, "1.5", "１２", HALF, "é" * 3000, "[]", "'\"<"]
NAMES = [
    "q", "page", "sort", "show", "kind", "open", "person", "removed", "role", "role_id", "next",
    "form", "back", "list", "newest", "people", "user", "account", "value", "name", "login_id",
    "email", "course", "section", "parent", "permission", "action", "target", "login", "password",
    "code", "state", "purpose", "expires_at", "language", "client_id", "redirect_uri", "scope",
    "session_token",
]  # fmt: skip


def odd_values(turn: int, odd: list[Any]) -> dict[str, Any]:
    """Each name with one of the values, another one in every round; lists, too."""
    found = {name: odd[(n * 5 + turn) % len(odd)] for n, name in enumerate(NAMES)}
    return found | {f"{name}[]": [value, value] for name, value in found.items()}


def all_there_is() -> list[int]:
    kept = (Account, User, Enrolment, ObservationLink, AccountMembership, Role, Override)
    return [model.objects.count() for model in kept]


def pages(method: str) -> list[str]:
    return [
        route
        for route, pattern in patterns(get_resolver())
        if not route.startswith("api/") and method in methods_of(pattern.callback)
    ]


@pytest.mark.parametrize("turn", range(ODD_ROUNDS))
def test_odd_values_in_addresses(cast: Cast, signed_in: Any, turn: int) -> None:
    ids = ids_of(cast) | {"account_id": cast.root.pk}
    browser = signed_in(cast.root_admin)
    browser.raise_request_exception = False
    asked = urlencode(odd_values(turn, ODD), doseq=True)
    failed = {}
    for route in some_of(pages("GET"), turn):
        answer = browser.get(f"{filled('' if route == '/' else route, ids)}?{asked}")
        if answer.status_code >= 500:
            failed[route] = answer.status_code
    assert failed == {}


@pytest.mark.parametrize("turn", range(ODD_ROUNDS))
def test_odd_values_in_forms(cast: Cast, signed_in: Any, turn: int) -> None:
    """With every name that forms have, at every form: refused, and nothing is made or lost."""
    ids = ids_of(cast) | {"account_id": cast.root.pk}
    failed = {}
    for route in some_of(pages("POST"), turn):
        browser = signed_in(cast.root_admin)
        browser.raise_request_exception = False
        before = all_there_is()
        answer = browser.post(filled(route, ids), odd_values(turn, [*ODD, "\0", "a\0b"]))
        if answer.status_code >= 500 or all_there_is() != before:
            failed[route] = answer.status_code
    assert failed == {}


@pytest.mark.parametrize("path", ["/accounts?q=%00", "/?a%00b=1", "/login?next=/%00"])
def test_a_nul_in_the_query_of_a_page_is_a_400(cast: Cast, signed_in: Any, path: str) -> None:
    assert signed_in(cast.root_admin).get(path).status_code == 400


@pytest.mark.parametrize("path", ["/accounts/%00", "/%00", "/users/1%00/edit"])
def test_a_nul_in_an_address_is_not_found(cast: Cast, signed_in: Any, path: str) -> None:
    assert signed_in(cast.root_admin).get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["users/%00", "users/self/tokens/a%00b", "accounts/self/roles/%00"]
)
def test_a_nul_in_an_address_of_the_api_is_not_found(cast: Cast, rest: Any, path: str) -> None:
    answer = rest(cast.root_admin).get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["message"] == "The specified resource does not exist."
