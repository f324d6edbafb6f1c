"""Whatever is sent instead of a value: an answer of the contract, never a server error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import Account
from permissions.models import AccountMembership, Override, Role
from tests.cast import Cast, make_account_role
from tests.effort import some_of

ODD = [None, [], {}, -1, 10**30, 1.5, True, "\x00", "x" * 5000, [[1]], {"a": {"b": 1}}]
WRITES = [
    ("post", "roles", ("label",)),
    ("post", "roles", ("base_role_type",)),
    ("post", "roles", ("permissions",)),
    ("put", "roles/{role}", ("label",)),
    ("put", "roles/{role}", ("permissions", "read_roster")),
    ("put", "roles/{role}", ("permissions", "read_roster", "enabled")),
    ("post", "admins", ("user_id",)),
    ("post", "admins", ("role_id",)),
    ("delete", "admins/{user}", ("role",)),
    ("post", "sub_accounts", ("account",)),
    ("post", "sub_accounts", ("account", "name")),
    ("post", "sub_accounts", ("account", "sis_account_id")),
]
TEXTS = ["%00", "-1", "9" * 25, "hex:sis_account_id:zz", "uuid:zz", "sis_account_id:%00", "é"]
READS = [
    "accounts/{}/roles", "accounts/self/roles/{}", "accounts/{}/permissions",
    "courses/{}/permissions", "accounts/{}/admins", "accounts/self/admins/{}",
    "accounts/{}/sub_accounts", "permissions/account/{}/help", "permissions/{}/read_roster/help",
]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "method", "path", "names"), [(n, *one) for n, one in enumerate(WRITES)]
)
def test_odd_values_are_refused_or_read_as_they_are(
    cast: Cast, rest, number: int, method: str, path: str, names: tuple[str, ...]
) -> None:
    role = make_account_role(cast, "Counsellor")
    client, before = rest(cast.root_admin), _all_there_is()
    address = f"/api/v1/accounts/self/{path.format(role=role.pk, user=cast.ta.pk)}"
    for odd in some_of(ODD, number):
        body: Any = odd
        for name in reversed(names):
            body = {name: body}
        if names != ("label",):
            body.setdefault("label", "Aide")
        status = getattr(client, method)(address, body, format="json").status_code
        after = _all_there_is()
        assert status < 500, odd
        assert status < 400 or after == before, odd
        before = after


def _all_there_is() -> list[int]:
    return [model.objects.count() for model in (Role, Override, AccountMembership, Account)]


def test_a_name_that_is_no_text_is_refused_like_any_other(cast: Cast, rest) -> None:
    client, address = rest(cast.root_admin), "/api/v1/accounts/self/roles"
    for value in (1, [], {"locked": {}}):
        body = json.dumps({"label": "Aide", "permissions": {"\ud800": value}})
        assert client.post(address, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("path", READS)
def test_odd_addresses_are_not_found(cast: Cast, rest, path: str) -> None:
    client = rest(cast.root_admin)
    found = [client.get(f"/api/v1/{path.format(text)}").status_code for text in TEXTS]
    assert found == [404] * len(TEXTS)
