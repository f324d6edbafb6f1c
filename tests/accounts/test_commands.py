"""`manage.py create_root_account` and `create_token`; what all commands with `--json` share."""

from __future__ import annotations

import json
import shlex
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from rest_framework.test import APIClient

from accounts.models import AccessToken, Account, User
from audit.models import Event
from permissions.models import AccountMembership, Role
from tests.cast import PASSWORD, Cast


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def westfield(*more: str, name: str = "Westfield", password: str = PASSWORD) -> Any:
    return json.loads(
        run("create_root_account", name, "--login", "root@west.example",
            "--password", password, "--json", *more)
    )  # fmt: skip


def who_am_i(token: str, host: str) -> Any:
    client = APIClient(headers={"authorization": f"Bearer {token}"})
    return client.get("/api/v1/users/self", HTTP_HOST=host).json()


# --- create_root_account ---


def test_the_first_tenant_answers_everywhere_and_its_token_works(empty: None) -> None:
    made = westfield("--self-registration", "observer")
    root = Account.objects.select_related("settings").get(pk=made["account_id"])
    assert (root.name, root.settings.self_registration) == ("Westfield", "observer")
    assert who_am_i(made["token"], "testserver")["id"] == made["user_id"]
    assert Role.objects.filter(root_account=root).count() == 6
    membership = AccountMembership.objects.get(user=made["user_id"])
    assert (membership.account, membership.role.base_role) == (root, "AccountAdmin")
    assert Event.objects.filter(action="root_account_created", account=root).exists()


def test_self_registration_is_off_at_first(empty: None) -> None:
    root = Account.objects.select_related("settings").get(pk=westfield()["account_id"])
    assert root.settings.self_registration == "none"


def test_a_second_tenant_needs_its_own_host(cast: Cast) -> None:
    made = westfield("--domain", "West.localhost")
    assert who_am_i(made["token"], "west.localhost")["id"] == made["user_id"]
    assert "errors" in who_am_i(made["token"], "testserver")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "give --domain"),
        (["--domain", "southfield.localhost"], "already answers on southfield.localhost"),
        (["--domain", "https://west.localhost/"], "is not a host name"),
        (["--domain", "west.localhost:8000"], "is not a host name"),
        (["--domain", ""], "The domain is empty"),
        (["--domain", " "], "The domain is empty"),
        (["--domain", "west.localhost", "--login", ""], "^--login: Type in a login"),
        (["--domain", "west.localhost", "--login", " "], "^--login: Type in a login"),
        (["--domain", "west.localhost", "--login", "x" * 300], "^--login: This login is too long"),
        (["--domain", "west.localhost", "--login", "ro\not"], "^--login: A login has letters of"),
        (["--domain", "west.localhost", "--login", "rооt"], "^--login: A login has letters of"),
    ],
)
def test_what_will_not_do_is_told_and_leaves_nothing(
    cast: Cast, more: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        westfield(*more)
    assert not Account.objects.filter(name="Westfield").exists()


@pytest.mark.usefixtures("empty")
def test_an_empty_domain_is_not_every_host() -> None:
    with pytest.raises(CommandError, match="The domain is empty"):
        westfield("--domain", "")
    assert not Account.objects.exists()


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_told(cast: Cast, name: str) -> None:
    before = Account.objects.count()
    with pytest.raises(CommandError, match=r"^NAME: This field cannot be blank\.$"):
        westfield("--domain", "west.localhost", name=name)
    assert Account.objects.count() == before


def test_blanks_around_name_and_login_are_dropped(cast: Cast) -> None:
    made = westfield("--domain", "west.localhost", "--login", " root ", name=" Westfield ")
    user = User.objects.select_related("root_account").get(pk=made["user_id"])
    assert (user.login_id, user.root_account.name) == ("root", "Westfield")


def test_a_weak_password_is_told(cast: Cast) -> None:
    with pytest.raises(CommandError, match=r"^--password: .*too common"):
        westfield("--domain", "west.localhost", password="password")
    assert not Account.objects.filter(name="Westfield").exists()


def test_people_read_lines(empty: None) -> None:
    told = run("create_root_account", "W", "--login", "root@west.example", "--password", PASSWORD)
    assert [line.partition(":")[0] for line in told.splitlines()] == [
        "account_id", "user_id", "token",
    ]  # fmt: skip


# --- create_token ---


def test_a_token_is_printed_once_and_kept_as_a_digest(cast: Cast) -> None:
    args = ("create_token", "Tomas.Varga", "--account", str(cast.root.pk), "--purpose", "roster")
    token = run(*args).strip()
    assert who_am_i(token, "testserver")["id"] == cast.teacher.pk
    kept = AccessToken.objects.get(user=cast.teacher)
    assert kept.purpose == "roster"
    assert token not in str(vars(kept))
    assert json.loads(run(*args, "--json"))["token"] != token


def test_several_tenants_want_a_name(cast: Cast) -> None:
    with pytest.raises(CommandError, match="name one with --account ID"):
        run("create_token", "tomas.varga")


@pytest.mark.parametrize("login", ["nobody", "root@southfield.example"])
def test_nobody_of_that_login_gets_one(cast: Cast, login: str) -> None:
    with pytest.raises(CommandError, match="Nobody active"):
        run("create_token", login, "--account", str(cast.root.pk))


def test_the_suspended_get_none(cast: Cast) -> None:
    assert cast.deactivated_admin.state == User.State.SUSPENDED
    with pytest.raises(CommandError, match="Nobody active"):
        run("create_token", cast.deactivated_admin.login_id, "--account", str(cast.root.pk))


# --- Refusals as JSON ---


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("create_root_account W --login root --password x --domain ''", 1),
        ("create_token nobody --account {root}", 1),
        ("explain --actor nobody --action issue_code --account {root}", 1),
        ("issue_code nobody --by root@northfield.example --account {root}", 1),
        ("prune_events --account 0", 1),
        ("import_sis none.csv --account 0", 1),
        ("import_sis none.csv --account {root}", 2),
    ],
)
def test_with_json_a_refusal_is_one_object_too(cast: Cast, command: str, status: int) -> None:
    words = shlex.split(command.format(root=cast.root.pk))
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command(*words, "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"error": str(refused.value)}
    assert refused.value.returncode == status
    out = StringIO()
    with pytest.raises(CommandError):
        call_command(*words, stdout=out)
    assert out.getvalue() == ""
