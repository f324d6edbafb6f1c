"""What nobody may set is not set by sending it along: unknown parameters are ignored."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Model
from django.forms import model_to_dict

from accounts.models import AccessToken, Account, User
from permissions.models import Role
from tests.cast import PASSWORD, Cast

# Every column that a person's, an account's, a role's, a token's row has, and words like them.
COLUMNS = {
    field.attname
    for model in (User, Account, Role, AccessToken)
    for field in model._meta.concrete_fields
}
MORE = {
    "is_staff", "is_superuser", "is_admin", "admin", "role", "roles", "user", "real_user", "root",
    "workflow_state", "permissions", "created_at", "digest", "token", "sis_import_id",
}  # fmt: skip


def sent(cast: Cast) -> dict[str, Any]:
    """A value that would be another one, for each of them."""
    ids = dict.fromkeys((n for n in COLUMNS | MORE if n.endswith("_id")), cast.stranger.pk)
    return dict.fromkeys(COLUMNS | MORE, "2001-01-01T00:00:00Z") | ids | {
        "id": 1, "pk": 1, "state": "deleted", "is_staff": True, "path": "1/", "login_key": "x",
        "root_account_id": cast.stranger.root_account_id, "password": "another-long-password-1",
    }  # fmt: skip


def row(one: Model) -> dict[str, Any]:
    one.refresh_from_db()
    there = {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields}
    return {name: value for name, value in there.items() if name != "updated_at"}


def changed(one: Model, before: dict[str, Any]) -> set[str]:
    return {name for name, value in row(one).items() if before[name] != value}


@pytest.mark.parametrize("group", [None, "user"])
def test_oneself(cast: Cast, rest: Any, group: str | None) -> None:
    before = row(cast.student)
    short = {"short_name": "Ada"}
    body = sent(cast) | {"user": short} if group is None else {
        "user": {k: v for k, v in sent(cast).items() if k not in ALLOWED_OF_A_PERSON} | short
    }  # fmt: skip
    answer = rest(cast.student).put("/api/v1/users/self", body, format="json")
    assert answer.status_code == 200
    assert changed(cast.student, before) <= {"short_name"}


# Which of the columns a person may be changed by, each with its own right (accounts.rules).
ALLOWED_OF_A_PERSON = {"name", "short_name", "sortable_name", "time_zone", "locale", "email"}


def test_ones_settings_page(cast: Cast, signed_in: Any) -> None:
    browser, before = signed_in(cast.student), row(cast.student)
    given = sent(cast) | {
        "form": "about", "name": "Ada Okafor", "short_name": "A", "sortable_name": "Okafor, Ada",
        "locale": "", "time_zone": "",
    }  # fmt: skip
    assert browser.post("/profile/settings", given).status_code == 302
    assert changed(cast.student, before) - {"last_login"} == {"short_name"}
    assert cast.student.check_password(PASSWORD)


def test_registering(cast: Cast, rest: Any) -> None:
    known = {"name": "Eve", "initial_enrollment_type": "observer", "terms_of_use": True}
    body = {
        "user": sent(cast) | dict.fromkeys(ALLOWED_OF_A_PERSON, "") | known,
        "pseudonym": sent(cast) | {"unique_id": "eve@example.org", "password": "a-long-pass-9"},
        "pairing_code": sent(cast) | {"code": cast.code().text},
    }
    answer = rest(None).post("/api/v1/accounts/self/users", body, format="json")
    assert answer.status_code == 200
    eve = User.objects.get(pk=answer.json()["id"])
    assert (eve.root_account_id, eve.state, eve.sis_id, eve.login_id) == (
        cast.root.pk, User.State.ACTIVE, None, "eve@example.org",
    )  # fmt: skip
    assert not eve.memberships.exists()
    assert eve.pk not in (1, cast.stranger.pk)


def test_an_account_below(cast: Cast, rest: Any) -> None:
    body = {"account": {**sent(cast), "name": "Arts", "sis_account_id": None}}
    answer = rest(cast.root_admin).post("/api/v1/accounts/self/sub_accounts", body, format="json")
    assert answer.status_code == 200
    made = Account.objects.get(pk=answer.json()["id"])
    assert (made.root_account_id, made.parent_id, made.state) == (
        cast.root.pk,
        cast.root.pk,
        "active",
    )
    assert made.path == f"{cast.root.path}{made.pk}/"


def test_a_role(cast: Cast, rest: Any) -> None:
    known = {"label": "Aide", "base_role_type": "TaEnrollment", "permissions": {}}
    body = sent(cast) | known
    answer = rest(cast.root_admin).post("/api/v1/accounts/self/roles", body, format="json")
    assert answer.status_code == 200
    made = Role.objects.get(pk=answer.json()["id"])
    assert (made.root_account_id, made.state, made.base_role) == (
        cast.root.pk, "active", "TaEnrollment",
    )  # fmt: skip


def test_a_token(cast: Cast, rest: Any) -> None:
    body = {"token": {**sent(cast), "purpose": "x", "expires_at": None, "scopes": []}}
    answer = rest(cast.student).post("/api/v1/users/self/tokens", body, format="json")
    assert answer.status_code == 200, answer.json()
    made = AccessToken.objects.get(pk=answer.json()["id"])
    assert (made.user_id, made.root_account_id, made.revoked_at) == (
        cast.student.pk, cast.root.pk, None,
    )  # fmt: skip
    assert model_to_dict(made)["digest"] != "2001-01-01T00:00:00Z"
