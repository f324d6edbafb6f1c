"""A visitor becomes an observer over REST, as the apps for parents do it (contract §6.3, §1.5)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from courses.models import Enrolment
from pairing.models import ObservationLink, PairingCode
from tests.cast import Cast

TAKEN = "ID already in use for this account and authentication provider"


@pytest.fixture
def code(cast: Cast) -> str:
    return cast.code().text


@pytest.fixture
def body(code: str) -> dict[str, dict[str, Any]]:
    """What the apps send."""
    return {
        "pseudonym": {"unique_id": "pat@example.org", "password": "a long enough one"},
        "pairing_code": {"code": code},
        "user": {"name": "Pat Doe", "initial_enrollment_type": "observer", "terms_of_use": True},
    }


@pytest.fixture
def register(cast: Cast, rest, body):
    """POST it, with changes: `register(user={"name": ""})`."""

    def post(by: User | None = None, **changes: dict[str, Any]):
        given = {group: body[group] | changes.get(group, {}) for group in body}
        return rest(by).post(f"/api/v1/accounts/{cast.root.pk}/users", given, format="json")

    return post


def refused(answer) -> dict[str, Any]:
    """What is wrong, without what is always there."""
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert set(errors) == {"user", "pseudonym", "observee", "pairing_code", "recaptcha"}
    assert (errors["observee"], errors["recaptcha"]) == ({}, None)
    assert not User.objects.filter(name="Pat Doe").exists()
    assert PairingCode.objects.get().state == "active"
    return {group: found for group, found in errors.items() if found}


def test_account_link_and_enrolments_in_one(cast: Cast, register):
    answer = register()
    assert answer.status_code == 200
    assert set(answer.json()) == {
        "id", "name", "created_at", "sortable_name", "short_name", "locale", "uuid", "terms_of_use",
    }  # fmt: skip
    pat = User.objects.get(pk=answer.json()["id"])
    assert (pat.login_id, pat.email, pat.sortable_name) == (
        "pat@example.org", "pat@example.org", "Doe, Pat",
    )  # fmt: skip
    assert pat.check_password("a long enough one")
    assert ObservationLink.objects.get().student == cast.student
    assert Enrolment.objects.filter(user=pat, state="active").count() == 2


def test_as_a_form(register, rest, cast: Cast, code: str):
    form = {
        "user[name]": "Pat Doe",
        "user[initial_enrollment_type]": "observer",
        "pseudonym[unique_id]": " pat@example.org ",
        "pairing_code[code]": code.lower(),
    }
    answer = rest(None).post("/api/v1/accounts/self/users", form)
    assert answer.status_code == 200
    pat = User.objects.get(login_id="pat@example.org")
    # Without a password they choose one by mail.
    assert not pat.has_usable_password()
    assert "terms_of_use" not in answer.json()


def test_a_sub_account_stands_for_its_root(cast: Cast, rest, body):
    url = f"/api/v1/accounts/{cast.accounts.high.pk}/users"
    assert rest(None).post(url, body, format="json").status_code == 200


def test_another_tenants_account_is_not_there(cast: Cast, rest, body):
    url = f"/api/v1/accounts/{cast.stranger.root_account_id}/users"
    assert rest(None).post(url, body, format="json").status_code == 404


def test_names_language_and_time_zone_can_be_given(register):
    more = {
        "sortable_name": "Doe, P.", "short_name": "P", "locale": "es", "time_zone": "Europe/Paris",
    }  # fmt: skip
    assert register(user=more).json()["locale"] == "es"
    pat = User.objects.get(name="Pat Doe")
    assert (pat.sortable_name, pat.short_name, pat.time_zone) == ("Doe, P.", "P", "Europe/Paris")


def test_a_language_or_time_zone_that_we_do_not_know_is_left_out(register):
    register(user={"locale": "tlh", "time_zone": "Mountain Time"})
    pat = User.objects.get(name="Pat Doe")
    assert (pat.locale, pat.time_zone) == ("", "")


# --- Refused ---


@pytest.mark.parametrize("kind", ["student", "teacher", "ta", "", None])
def test_only_observers_register(register, kind: str | None):
    answer = register(user={"initial_enrollment_type": kind})
    assert (answer.status_code, answer.json()) == (403, {})


def test_nobody_registers_while_self_registration_is_off(cast: Cast, register):
    cast.set(self_registration="none")
    answer = register()
    assert (answer.status_code, answer.json()) == (403, {})


def test_a_manager_cannot_do_without_a_code(cast: Cast, register):
    assert set(refused(register(cast.root_admin, pairing_code={"code": None}))) == {"pairing_code"}


def test_with_a_code_that_is_not_live_nothing_else_is_told(cast: Cast, register):
    everything_wrong = {
        "pairing_code": {"code": "0000000000"},
        "pseudonym": {"unique_id": "ada.okafor", "password": "x"},
        "user": {"name": ""},
    }
    expected = {
        "pairing_code": {"code": [{"attribute": "code", "type": "invalid", "message": "invalid"}]}
    }
    assert refused(register(**everything_wrong)) == expected
    assert refused(register(pairing_code={"code": ""})) == expected


def test_a_login_that_is_taken(cast: Cast, register):
    User.objects.filter(pk=cast.observer.pk).update(
        login_id="Pat@Example.org", login_key="pat@example.org"
    )
    assert refused(register()) == {
        "user": {
            "pseudonyms": [{"attribute": "pseudonyms", "type": "invalid", "message": "is invalid"}]
        },
        "pseudonym": {"unique_id": [{"attribute": "unique_id", "type": "taken", "message": TAKEN}]},
    }


@pytest.mark.parametrize(
    ("login", "kind"),
    [("", "blank"), ("pat", "invalid"), (f"{'p' * 60}@{('e' * 60 + '.') * 4}org", "too_long")],
)
def test_a_login_that_is_no_address(register, login: str, kind: str):
    found = refused(register(pseudonym={"unique_id": login}))
    assert found["pseudonym"]["unique_id"][0]["type"] == kind


@pytest.mark.parametrize(
    ("password", "kind"),
    [("short", "too_short"), ("password", "too_common"), ("pat@example.org", "too_similar")],
)
def test_a_weak_password(register, password: str, kind: str):
    found = refused(register(pseudonym={"password": password}))
    assert found["pseudonym"]["password"][0]["type"] == kind
    assert found["user"]["pseudonyms"][0]["message"] == "is invalid"


def test_no_name_and_a_name_that_is_too_long(register):
    assert set(refused(register(user={"name": " "}))["user"]) == {"name"}
    assert set(refused(register(user={"short_name": "x" * 256}))["user"]) == {"short_name"}


def test_terms_must_be_accepted_when_there_are_any(cast: Cast, register):
    assert register(user={"terms_of_use": False}).status_code == 200
    PairingCode.objects.all().delete()
    cast.set(terms="Be kind.")
    mine = {
        "pairing_code": {"code": cast.code().text},
        "pseudonym": {"unique_id": "sam@example.org"},
    }
    answer = register(**mine, user={"name": "Sam", "terms_of_use": False})
    assert set(answer.json()["errors"]["user"]) == {"terms_of_use"}
    assert register(**mine, user={"name": "Sam"}).status_code == 200
    assert User.objects.get(name="Sam").terms_accepted_at


def test_guesses_are_limited_and_say_for_how_long(cast: Cast, register, settings):
    settings.GUESSES_PER_ADDRESS_AND_HOUR = 2
    for _ in range(2):
        register(pairing_code={"code": "0000000000"})
    answer = register()
    assert answer.status_code == 429
    assert 3500 < int(answer["Retry-After"]) <= 3600
    assert "errors" in answer.json()
