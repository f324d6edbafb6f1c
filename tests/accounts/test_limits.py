"""How often strangers may try, at every door where they can; and that weak passwords are refused
wherever one is set."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import Login, User
from accounts.signin import link_to_choose_password
from sis.importing import import_files
from tests.cast import PASSWORD, Cast
from tests.described import DescribedClient

CODE_STEP, REGISTER = "/register/observer/code", "/register/observer"


def sign_in(client: Client, login: str, password: str = "wrong", **more: Any) -> Any:
    return client.post("/login", {"login": login, "password": password}, **more)


def is_limited(response: Any) -> bool:
    return response.status_code == 429 or "too many wrong tries" in response.content.decode()


def tries(door: Callable[[int], Any], most: int = 60) -> int:
    """How many are let through before one is refused."""
    return next((n for n in range(most) if is_limited(door(n))), most)


def from_address(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


# --- Signing in ---


def test_one_login_has_five_failures_in_five_minutes(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert tries(lambda n: sign_in(from_address(f"192.0.2.{n}"), "ada.okafor")) == 5
        clock.shift(timedelta(minutes=5, seconds=1))
        assert sign_in(Client(), "ada.okafor", PASSWORD).status_code == 302


def test_another_host_of_the_school_gives_no_further_tries(cast: Cast) -> None:
    def door(n: int) -> Any:
        return sign_in(from_address(f"192.0.2.{n}"), "ada.okafor", headers={"host": hosts[n % 2]})

    hosts = ["testserver", "other.localhost"]
    assert tries(door) == 5


def test_another_spelling_of_the_login_gives_no_further_tries(cast: Cast) -> None:
    spellings = ["ada.okafor", "ADA.Okafor", " ada.okafor", "Ａda.okafor"]
    assert tries(lambda n: sign_in(from_address(f"192.0.2.{n}"), spellings[n % 4])) == 5


def test_another_login_or_the_address_of_a_person_gives_no_further_tries(cast: Cast) -> None:
    Login.objects.create(root_account=cast.root, user=cast.student, login_id="ada2")
    User.objects.filter(pk=cast.student.pk).update(email="ada@family.example")
    names = ["ada.okafor", "ada@family.example", "ada2"]
    assert tries(lambda n: sign_in(from_address(f"192.0.2.{n}"), names[n % 3])) == 5
    assert not is_limited(sign_in(Client(), str(cast.student.pk)))


def test_one_address_has_ten_failures_a_minute(cast: Cast) -> None:
    assert tries(lambda n: sign_in(Client(), f"somebody.{n}")) == 10


def test_one_address_signs_in_thirty_times_a_minute(cast: Cast) -> None:
    assert tries(lambda n: sign_in(Client(), "ada.okafor", PASSWORD)) == 30


def test_addresses_of_one_household_are_one(cast: Cast) -> None:
    assert tries(lambda n: sign_in(from_address(f"2001:db8::{n:x}"), f"somebody.{n}")) == 10


def test_a_forged_header_is_no_other_address(cast: Cast) -> None:
    def door(n: int) -> Any:
        return sign_in(Client(), f"x.{n}", headers={"x-forwarded-for": f"192.0.2.{n}"})

    assert tries(door) == 10


def test_behind_a_proxy_the_address_that_it_wrote_counts(cast: Cast, settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def door(n: int, seen: str) -> Any:
        return sign_in(Client(), f"x.{n}", headers={"x-forwarded-for": f"198.51.100.{n}, {seen}"})

    assert tries(lambda n: door(n, "192.0.2.1")) == 10
    assert not is_limited(door(0, "192.0.2.2"))


def test_a_school_behind_one_address_is_not_one_person(cast: Cast) -> None:
    cast.set(own_networks="127.0.0.0/8")

    def browser(n: int) -> Client:
        client = Client()
        client.get("/login")
        return client

    assert tries(lambda n: sign_in(browser(n), "ada.okafor", PASSWORD), 40) > 30
    one = browser(0)
    assert tries(lambda n: sign_in(one, f"somebody.{n}")) == 10


def test_all_of_a_school_together_do_not_try_without_end(cast: Cast) -> None:
    cast.set(own_networks="127.0.0.0/8")
    client = Client()

    def door(n: int) -> Any:
        client.cookies.clear()
        client.get("/login")
        return sign_in(client, f"somebody.{n}")

    # Twenty counts of ten; at the first that is full the walk ends.
    assert 10 <= tries(door, 250) <= 200


def test_without_its_own_cookie_a_browser_of_the_school_counts_with_the_others(cast: Cast) -> None:
    cast.set(own_networks="127.0.0.0/8")
    assert tries(lambda n: sign_in(Client(), f"somebody.{n}")) == 10


def test_elsewhere_browsers_get_no_cookie_and_no_count_of_their_own(cast: Cast) -> None:
    client = Client()
    client.get("/login")
    assert "pairing_browser" not in client.cookies


# --- Reset ---


def test_one_e_mail_address_gets_five_links_a_minute(cast: Cast) -> None:
    def door(n: int) -> Any:
        client = from_address(f"192.0.2.{n}")
        return client.post("/password/reset", {"email": "joy@home.example"})

    assert tries(door) == 5


def test_one_address_asks_for_twenty_links_a_minute(cast: Cast) -> None:
    assert tries(lambda n: Client().post("/password/reset", {"email": f"x{n}@home.example"})) == 20


def test_one_address_sends_twenty_new_passwords_a_minute(cast: Cast, rf: Any) -> None:
    assert tries(lambda n: Client().post("/password/reset/choose", {"password1": "x"})) == 20


def test_after_a_reset_failures_before_it_do_not_count(cast: Cast, rf: Any) -> None:
    assert tries(lambda n: sign_in(from_address(f"192.0.2.{n}"), "ada.okafor")) == 5
    client = Client()
    page = client.get(link_to_choose_password(rf.get("/"), cast.student), follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": "a-new-horse-entirely"})
    assert sign_in(client, "ada.okafor", "a-new-horse-entirely").status_code == 302


# --- Registration ---


def parent(n: int) -> dict[str, str]:
    return {"name": "Ruth", "email": f"ruth{n}@home.example", "password": "weak"}


def test_who_holds_a_code_asks_for_twenty_addresses_an_hour(cast: Cast) -> None:
    """Else a live code would tell of any number of people whether they have an account here."""
    code = cast.code().shown
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def door(n: int) -> Any:
            client = from_address(f"192.0.2.{n}")
            client.post(CODE_STEP, {"code": code if n % 2 else code.lower()})
            clock.shift(timedelta(seconds=61))
            return client.post(REGISTER, parent(n))

        assert tries(door) == 20


def test_one_address_sends_the_form_twenty_times_a_minute(cast: Cast) -> None:
    codes = [cast.code().shown, cast.code().shown]

    def door(n: int) -> Any:
        client = Client()
        client.post(CODE_STEP, {"code": codes[n % 2]})
        return client.post(REGISTER, parent(n))

    assert tries(door) == 20


def test_over_rest_the_same_tries_count(cast: Cast, rest: Any) -> None:
    code = cast.code().text

    def door(n: int) -> Any:
        if n % 2:
            client = Client()
            client.post(CODE_STEP, {"code": code})
            return client.post(REGISTER, parent(n))
        body = {
            "user": {"name": "Ruth", "initial_enrollment_type": "observer"},
            "pseudonym": {"unique_id": f"ruth{n}@home.example", "password": "weak"},
            "pairing_code": {"code": code},
        }
        return rest(None).post(f"/api/v1/accounts/{cast.root.pk}/users", body, format="json")

    assert tries(door) == 20


def test_where_everyone_may_register_one_address_does_twenty_times_a_minute(
    cast: Cast, rest: Any
) -> None:
    cast.set(self_registration="all")

    def door(n: int) -> Any:
        body = {"user": {"name": "Ruth"}, "pseudonym": {"unique_id": f"ruth{n}@home.example"}}
        return rest(None).post(f"/api/v1/accounts/{cast.root.pk}/users", body, format="json")

    assert tries(door) == 20


# --- Weak passwords ---

WEAK = {
    "short": "k7-Qx2",
    "common": "baseball1",
    "digits": "83920174655",
    "like the name": "okafor-ada",
}
Door = Callable[[Cast, str], bool]


def page(cast: Cast, url: str, data: dict[str, str], user: User) -> bool:
    """Whether the form was taken."""
    client = Client()
    client.force_login(user, backend="accounts.signin.TenantBackend")
    return client.post(url, data).status_code == 302


def by_settings(cast: Cast, password: str) -> bool:
    data = {"form": "password", "password": password, "current_password": PASSWORD}
    return page(cast, "/profile/settings", data, cast.student)


def by_first_choice(cast: Cast, password: str) -> bool:
    User.objects.filter(pk=cast.student.pk).update(
        one_time_password_until=timezone.now() + timedelta(days=1)
    )
    return page(cast, "/password/choose", {"password": password}, cast.student)


def by_reset(cast: Cast, password: str) -> bool:
    client = Client()
    link = link_to_choose_password(RequestFactory().get("/"), cast.student)
    form = client.get(link).headers["Location"]
    return client.post(form, {"password1": password}).status_code == 302


def by_registration(cast: Cast, password: str) -> bool:
    client = Client()
    client.post(CODE_STEP, {"code": cast.code().shown})
    data = {"name": "Ada Okafor", "email": "ruth@home.example", "password": password}
    return client.post(REGISTER, data).status_code == 302


def over_rest(
    cast: Cast, url: str, body: dict[str, Any], by: User | None = None, put: bool = False
) -> bool:
    client = DescribedClient()
    if by:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {cast.token(by)}")
    send = client.put if put else client.post
    answer = send(f"/api/v1/{url}", body, format="json")
    assert answer.status_code in (200, 400), answer.content
    return answer.status_code == 200


def by_rest_registration(cast: Cast, password: str) -> bool:
    body = {
        "user": {"name": "Ada Okafor", "initial_enrollment_type": "observer"},
        "pseudonym": {"unique_id": "ruth@home.example", "password": password},
        "pairing_code": {"code": cast.code().text},
    }
    return over_rest(cast, f"accounts/{cast.root.pk}/users", body)


def by_rest_creation(cast: Cast, password: str) -> bool:
    body = {"user": {"name": "Ada Okafor"}, "pseudonym": {"unique_id": "x", "password": password}}
    return over_rest(cast, f"accounts/{cast.root.pk}/users", body, cast.root_admin)


def by_rest_new_login(cast: Cast, password: str) -> bool:
    body = {"user": {"id": cast.student.pk}, "login": {"unique_id": "x", "password": password}}
    return over_rest(cast, f"accounts/{cast.root.pk}/logins", body, cast.root_admin)


def by_rest_login(cast: Cast, password: str) -> bool:
    url = f"accounts/{cast.root.pk}/logins/{cast.student.logins.get().pk}"
    return over_rest(cast, url, {"login": {"password": password}}, cast.root_admin, put=True)


def by_roster(cast: Cast, password: str) -> bool:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "users.csv"
        row = f"u1,x,Ada Okafor,{password},active"
        file.write_text(f"user_id,login_id,full_name,password,status\n{row}")
        import_files(root_account=cast.root, paths=[file])
    return User.objects.get(sis_id="u1").has_usable_password()


def by_command(cast: Cast, password: str) -> bool:
    try:
        call_command(
            "create_root_account",
            "Westfield",
            login="okafor-ada@x",
            password=password,
            domain="w.localhost",
        )
    except CommandError:
        return False
    return True


DOORS = [
    by_settings, by_first_choice, by_reset, by_registration, by_rest_registration,
    by_rest_creation, by_rest_new_login, by_rest_login, by_roster, by_command,
]  # fmt: skip


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_weak_passwords_are_refused_wherever_one_is_set(cast: Cast, door: Door) -> None:
    taken = {}
    for why, password in WEAK.items():
        with transaction.atomic():
            taken[why] = door(cast, password)
            transaction.set_rollback(True)
    assert taken == dict.fromkeys(WEAK, False)
    assert door(cast, "violet-harbour-42")
