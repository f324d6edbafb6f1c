"""Single sign-on through a root account's OpenID Connect provider, which runs beside the tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from django.utils import timezone

from accounts.actions import hand_out_passwords
from accounts.actions.sign_on import set_provider
from accounts.models import SignOnProvider, User
from accounts.sealing import CannotUnseal, seal, unseal
from audit.models import Event
from permissions.policy import Denied
from tests.cast import PASSWORD, Cast, make_account_role, make_admin, make_user
from tests.openid_provider import CLIENT_ID, SECRET, Provider, running

SOUTH = {"host": "southfield.localhost"}


@pytest.fixture(scope="module")
def serving() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(serving: Provider) -> Provider:
    """The provider, telling the truth, and knowing nobody yet."""
    serving.claims, serving.wrong, serving.asked = {}, {}, []
    return serving


def fields(provider: Provider, **more: Any) -> dict[str, Any]:
    return {
        "label": "District", "issuer": provider.issuer, "client_id": CLIENT_ID,
        "claim": "preferred_username", "match": "login", "creates_people": False, "is_on": True,
    } | more  # fmt: skip


@pytest.fixture
def school(cast: Cast, provider: Provider) -> Cast:
    """Northfield, with the provider."""
    setup(cast, provider)
    return cast


def setup(cast: Cast, provider: Provider, **more: Any) -> None:
    actor = cast.actor(cast.root_admin)
    set_provider(actor=actor, fields=fields(provider, **more), secret=SECRET)


def in_office(cast: Cast, *keys: str) -> None:
    """The teacher is an administrator of the root account who holds just these permissions."""
    make_admin(cast, cast.teacher, cast.root, make_account_role(cast, "Office", *keys))


def go(cast: Cast, client: Client, **more: Any) -> str:
    """To the provider: the address that the browser is sent to."""
    return client.get(f"/login/sso/{cast.root.pk}", more).headers["Location"]


def back(provider: Provider, asked: str, who: str) -> str:
    """The path that the browser comes back to, once the provider has signed `who` in."""
    where = provider.answer(dict(parse_qsl(urlsplit(asked).query)), who)
    return urlsplit(where)._replace(scheme="", netloc="").geturl()


def sign_on(cast: Cast, provider: Provider, client: Client, who: str, **more: Any) -> Any:
    return client.get(back(provider, go(cast, client, **more), who))


def who_is_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def is_in(client: Client, user: User) -> bool:
    """The page is the quickest of those that are for the signed in."""
    of_theirs = client.get("/profile/qr_mobile_login")
    return who_is_in(client) == str(user.pk) and of_theirs.status_code == 200


# --- Signing in ---


def test_whoever_the_provider_names_is_signed_in(
    school: Cast, provider: Provider, client: Client
) -> None:
    response = sign_on(school, provider, client, "Ada.Okafor")
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert is_in(client, school.student)


def test_what_is_asked_for(school: Cast, provider: Provider, client: Client) -> None:
    asked = urlsplit(go(school, client))
    given = {name: values[0] for name, values in parse_qs(asked.query).items()}
    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"{provider.issuer}/authorize"
    assert given["redirect_uri"] == f"http://testserver/login/sso/{school.root.pk}/callback"
    assert set(given["scope"].split()) == {"openid", "profile", "email"}
    assert (given["response_type"], given["code_challenge_method"]) == ("code", "S256")
    assert len(given["state"]) >= 16
    assert len(given["nonce"]) >= 16
    assert SECRET not in asked.query


def test_by_the_sis_id(cast: Cast, provider: Provider, client: Client) -> None:
    setup(cast, provider, match="sis_id", claim="employee")
    provider.claims["x"] = {"employee": "s-ada", "preferred_username": "joy.okafor"}
    sign_on(cast, provider, client, "x")
    assert is_in(client, cast.student)


def test_by_another_of_somebody_s_logins(school: Cast, provider: Provider, client: Client) -> None:
    school.student.logins.create(
        root_account=school.root, login_id="ada@x.example", login_key="ada@x.example"
    )
    sign_on(school, provider, client, "ada@x.example")
    assert is_in(client, school.student)


def test_a_number_is_as_good_as_its_digits(cast: Cast, provider: Provider, client: Client) -> None:
    User.objects.filter(pk=cast.student.pk).update(sis_id="4711")
    setup(cast, provider, match="sis_id", claim="number")
    provider.claims["x"] = {"number": 4711}
    sign_on(cast, provider, client, "x")
    assert is_in(client, cast.student)


@pytest.mark.parametrize(
    ("claims", "comes_in"),
    [
        ({"email": "ada.okafor", "email_verified": True}, True),
        ({"email": "ada.okafor", "email_verified": "true"}, True),
        ({"email": "ada.okafor", "email_verified": False}, False),
        ({"email": "ada.okafor"}, False),
    ],
)
def test_an_e_mail_counts_only_if_it_is_verified(
    cast: Cast, provider: Provider, client: Client, claims: dict[str, Any], comes_in: bool
) -> None:
    setup(cast, provider, claim="email")
    provider.claims["x"] = claims
    sign_on(cast, provider, client, "x")
    assert (who_is_in(client) is not None) is comes_in


def test_that_one_address_is_verified_says_nothing_of_another(
    cast: Cast, provider: Provider, client: Client
) -> None:
    setup(cast, provider, claim="email")
    provider.claims["x"] = {"email": "ada.okafor"}
    provider.wrong = {"userinfo": {"email": "x@x.example", "email_verified": True}}
    assert sign_on(cast, provider, client, "x").status_code == 403
    provider.claims["x"] = {}
    other = {"email": "ada.okafor", "email_verified": False}
    provider.wrong = {"email_verified": True, "userinfo": other}
    assert sign_on(cast, provider, client, "x").status_code == 403
    for claims in ({}, {"email": "ada.okafor"}):
        provider.claims["x"] = claims
        provider.wrong = {"userinfo": other | {"email_verified": True}}
        browser = Client()
        sign_on(cast, provider, browser, "x")
        assert is_in(browser, cast.student)


def test_people_without_a_password_sign_in_so_too(
    school: Cast, provider: Provider, client: Client
) -> None:
    school.student.set_unusable_password()
    school.student.save()
    sign_on(school, provider, client, "ada.okafor")
    assert is_in(client, school.student)


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [("/profile/settings", "/profile/settings"), ("https://evil.example/", "/"), ("//evil", "/")],
)
def test_next_leads_nowhere_else(
    school: Cast, provider: Provider, client: Client, wanted: str, led_to: str
) -> None:
    response = sign_on(school, provider, client, "ada.okafor", next=wanted)
    assert response.headers["Location"] == led_to


def test_nobody_stays_signed_in_who_did_not_ask_for_it(
    school: Cast, provider: Provider, client: Client
) -> None:
    response = sign_on(school, provider, client, "ada.okafor")
    assert response.cookies["sessionid"]["max-age"] == ""


def test_one_address_begins_thirty_times_a_minute(school: Cast, provider: Provider) -> None:
    url = f"/login/sso/{school.root.pk}"
    answers = [Client().get(url).status_code for _ in range(31)]
    assert answers == [302] * 30 + [429]


def test_the_sign_in_page_offers_it(school: Cast, client: Client) -> None:
    page = client.get("/login?next=/courses").content.decode()
    assert "Sign in with District" in page
    assert f'href="/login/sso/{school.root.pk}?next=%2Fcourses"' in page
    assert "District" not in client.get("/login", headers=SOUTH).content.decode()


def test_passwords_keep_working(school: Cast, client: Client) -> None:
    client.post("/login", {"login": "ada.okafor", "password": PASSWORD})
    assert is_in(client, school.student)


# --- Nobody else ---


@pytest.mark.parametrize("who", ["nobody.here", "", "a" * 300, "ada.okafor\x00"])
def test_who_is_not_known_is_refused(
    school: Cast, provider: Provider, client: Client, who: str
) -> None:
    before = User.objects.count()
    response = sign_on(school, provider, client, who)
    assert response.status_code == 403
    assert who_is_in(client) is None
    assert User.objects.count() == before


def test_the_refusal_says_as_whom_one_came(
    school: Cast, provider: Provider, client: Client
) -> None:
    page = sign_on(school, provider, client, "<b>nobody</b>").content.decode()
    assert "&lt;b&gt;nobody&lt;/b&gt;" in page
    assert "Nobody who may sign in at Northfield is known by that." in page


@pytest.mark.parametrize("state", ["suspended", "deleted"])
@pytest.mark.parametrize("creates", [False, True])
def test_who_is_suspended_or_deleted_is_refused(
    cast: Cast, provider: Provider, client: Client, state: str, creates: bool
) -> None:
    setup(cast, provider, creates_people=creates)
    User.objects.filter(pk=cast.student.pk).update(state=state)
    assert sign_on(cast, provider, client, "ada.okafor").status_code == 403
    assert who_is_in(client) is None


def test_who_was_deleted_does_not_come_back_by_their_sis_id(
    cast: Cast, provider: Provider, client: Client
) -> None:
    setup(cast, provider, match="sis_id", creates_people=True)
    User.objects.filter(pk=cast.student.pk).update(state="deleted")
    provider.claims["x"] = {"preferred_username": "s-ada"}
    assert sign_on(cast, provider, client, "x").status_code == 403


def test_who_has_not_confirmed_their_e_mail_is_asked_to(
    school: Cast, provider: Provider, client: Client
) -> None:
    User.objects.filter(pk=school.observer.pk).update(state="unproven")
    response = sign_on(school, provider, client, "joy.okafor")
    assert response.headers["Location"] == "/register/observer/confirm"
    assert who_is_in(client) is None


@pytest.mark.parametrize(
    "who",
    [
        "ａda.okafor",
        "ada.okafor ",
        " ada.okafor",
        "ada.o\u212aafor",
        "ada.oka\ufb01r",
        "Jo Strauß",
    ],
)
@pytest.mark.parametrize("creates", [False, True])
def test_what_is_the_same_login_here_may_be_another_person_s_there(
    cast: Cast, provider: Provider, client: Client, who: str, creates: bool
) -> None:
    """Whoever chooses their own name at the provider could else come in as anybody."""
    setup(cast, provider, creates_people=creates)
    for login_id in ("ada.okafir", "jo strauss"):
        cast.student.logins.create(root_account=cast.root, login_id=login_id)
    assert sign_on(cast, provider, client, who).status_code == 403
    assert who_is_in(client) is None


def test_letters_beyond_ascii_are_known_in_any_case(
    school: Cast, provider: Provider, client: Client
) -> None:
    school.student.logins.create(root_account=school.root, login_id="Jörg.STRAUß")
    sign_on(school, provider, client, "jörg.strauß")
    assert is_in(client, school.student)


@pytest.mark.parametrize("value", [True, None, ["ada.okafor"], {"a": 1}, 1.5])
def test_what_is_no_text_names_nobody(
    school: Cast, provider: Provider, client: Client, value: Any
) -> None:
    provider.claims["x"] = {"preferred_username": value}
    assert sign_on(school, provider, client, "x").status_code == 403


# --- Made on the way in ---


def test_none_are_made_unless_the_account_says_so(
    cast: Cast, provider: Provider, client: Client
) -> None:
    setup(cast, provider, creates_people=True)
    provider.claims["mei"] = {"name": "Mei Lin", "email": "mei@x.example", "email_verified": True}
    sign_on(cast, provider, client, "mei")
    mei = User.objects.get(login_id="mei")
    assert is_in(client, mei)
    assert (mei.root_account, mei.name, mei.sortable_name, mei.email) == (
        cast.root, "Mei Lin", "Lin, Mei", "mei@x.example",
    )  # fmt: skip
    assert not mei.has_usable_password()
    assert Event.objects.filter(action="person_made_by_sign_on", subject=mei).exists()
    client.logout()
    sign_on(cast, provider, client, "mei")
    assert is_in(client, mei)


def test_an_unverified_e_mail_is_not_kept(cast: Cast, provider: Provider, client: Client) -> None:
    setup(cast, provider, creates_people=True)
    provider.claims["mei"] = {"email": "ada@families.example"}
    sign_on(cast, provider, client, "mei")
    assert User.objects.get(login_id="mei").email == ""


def test_made_by_sis_id_they_get_both(cast: Cast, provider: Provider, client: Client) -> None:
    setup(cast, provider, match="sis_id", claim="number", creates_people=True)
    provider.claims["mei"] = {"number": "77"}
    sign_on(cast, provider, client, "mei")
    assert User.objects.get(sis_id="77").login_id == "mei"


def test_a_login_that_is_taken_is_not_taken_over(
    cast: Cast, provider: Provider, client: Client
) -> None:
    setup(cast, provider, match="sis_id", claim="number", creates_people=True)
    provider.claims["ada.okafor"] = {"number": "77"}
    assert sign_on(cast, provider, client, "ada.okafor").status_code == 403
    assert who_is_in(client) is None


@pytest.mark.parametrize("claims", [{}, {"email": "ada@families.example", "email_verified": True}])
def test_nobody_is_made_with_the_address_of_somebody_here(
    cast: Cast, provider: Provider, client: Client, claims: dict[str, Any]
) -> None:
    """Ada signs in with her address, which is no login of hers: another's login goes first."""
    User.objects.filter(pk=cast.student.pk).update(email="Ada@families.example")
    setup(cast, provider, creates_people=True)
    provider.claims["ada@families.example"] = claims
    assert sign_on(cast, provider, client, "ada@families.example").status_code == 403
    client.post("/login", {"login": "ada@families.example", "password": PASSWORD})
    assert is_in(client, cast.student)


# --- Who may name people so that they are let in ---


@pytest.mark.parametrize(("more", "status"), [([], 403), (["become_user"], 302)])
def test_whoever_gives_others_a_login_may_come_in_as_them(
    school: Cast, signed_in: Any, more: list[str], status: int
) -> None:
    """Where logins are known from the provider, like an e-mail address: the limits of acting."""
    keys = ["manage_user_logins", "read_roster", "view_user_logins", *more]
    in_office(school, *keys)
    client = signed_in(school.teacher)
    page = f"/users/{school.student.pk}"
    url = f"{page}/logins"
    assert (url in client.get(page).content.decode()) == (status == 302)
    assert client.post(url, {"login-login": "mallory"}).status_code == status
    SignOnProvider.objects.update(is_on=False)
    assert url in client.get(page).content.decode()
    assert client.post(url, {"login-login": "m.allory"}).status_code == 302


def test_nobody_but_who_sets_it_up_gives_themself_a_login(school: Cast, signed_in: Any) -> None:
    """It may be the one of somebody who has not come in yet, and would be led to them."""
    keys = ["manage_user_logins", "read_roster", "view_user_logins", "become_user"]
    in_office(school, *keys)
    for who, status in ((school.teacher, 403), (school.root_admin, 302)):
        client, url = signed_in(who), f"/users/{who.pk}/logins"
        assert (url in client.get(f"/users/{who.pk}").content.decode()) == (status == 302)
        assert client.post(url, {"login-login": "principal"}).status_code == status


def test_nobody_but_who_may_act_as_others_gives_them_a_login(school: Cast, signed_in: Any) -> None:
    """Not even who sets single sign-on up: to themself alone."""
    school.override("AccountAdmin", "become_user", enabled=False)
    url = f"/users/{school.student.pk}/logins"
    given = {"login-login": "mallory"}
    assert signed_in(school.root_admin).post(url, given).status_code == 403


def test_whoever_comes_in_by_it_needs_no_password_from_paper(
    school: Cast, provider: Provider, client: Client, signed_in: Any
) -> None:
    """It is over: they choose none, nobody comes in with it, or gets another in its place."""
    school.student.set_unusable_password()
    school.student.save()
    [password] = hand_out_passwords(
        actor=school.actor(school.root_admin), users=[school.student]
    ).values()
    sign_on(school, provider, client, "ada.okafor")
    assert is_in(client, school.student)
    paper = Client()
    paper.post("/login", {"login": "ada.okafor", "password": password})
    assert who_is_in(paper) is None
    url = f"/users/{school.student.pk}/first_sign_in"
    assert signed_in(school.root_admin).post(url).status_code == 403


@pytest.mark.parametrize(("more", "status"), [([], 403), (["become_user"], 200)])
def test_whoever_renames_a_login_may_come_in_as_its_person(
    school: Cast, rest: Any, more: list[str], status: int
) -> None:
    keys = ["manage_user_logins", "read_roster", "view_user_logins", *more]
    in_office(school, *keys)
    own = school.student.logins.get()
    url = f"/api/v1/accounts/{school.root.pk}/logins/{own.pk}"
    given = {"login": {"unique_id": "mallory"}}
    assert rest(school.teacher).put(url, given, format="json").status_code == status


@pytest.mark.parametrize(
    ("match", "more", "status"),
    [("sis_id", [], 403), ("sis_id", ["become_user"], 200), ("login", [], 200)],
)
def test_whoever_gives_others_a_sis_id_may_come_in_as_them(
    cast: Cast,
    provider: Provider,
    signed_in: Any,
    rest: Any,
    match: str,
    more: list[str],
    status: int,
) -> None:
    setup(cast, provider, match=match)
    keys = ["manage_user_logins", "read_roster", "manage_sis", "read_sis", *more]
    in_office(cast, *keys)
    names = {"name": "Ada", "short_name": "Ada", "sortable_name": "Ada"}
    given = names | {"email": cast.student.email, "sis_id": "mallory"}
    client, url = signed_in(cast.teacher), f"/users/{cast.student.pk}/edit"
    assert ('name="sis_id"' in client.get(url).content.decode()) == (status == 200)
    assert client.post(url, given).status_code == 302
    cast.student.refresh_from_db()
    assert cast.student.sis_id == ("mallory" if status == 200 else "s-ada")
    login = f"/api/v1/accounts/{cast.root.pk}/logins/{cast.student.logins.get().pk}"
    by_rest = rest(cast.teacher)
    given = {"login": {"sis_user_id": "m.allory"}}
    assert by_rest.put(login, given, format="json").status_code == status
    given = {"login": {"integration_id": "x"}}
    assert by_rest.put(login, given, format="json").status_code == 200


@pytest.mark.parametrize(("more", "status"), [([], 403), (["become_user"], 200)])
def test_whoever_comes_in_by_it_has_no_first_sign_in_to_be_given(
    school: Cast, provider: Provider, client: Client, signed_in: Any, more: list[str], status: int
) -> None:
    """To set them a password is to come in as them; before they have come in it is not."""
    school.student.set_unusable_password()
    school.student.save()
    keys = ["manage_user_logins", "read_roster", "read_email_addresses", *more]
    in_office(school, *keys)
    office, url = signed_in(school.teacher), f"/users/{school.student.pk}"
    sign_on(school, provider, client, "ada.okafor")
    assert office.post(f"{url}/first_sign_in").status_code == 403
    names = {"name": "Ada", "short_name": "Ada", "sortable_name": "Ada"}
    office.post(f"{url}/edit", names | {"email": "mallory@x.example"})
    changed = User.objects.get(pk=school.student.pk).email == "mallory@x.example"
    assert changed is (more != [])
    assert office.post(f"{url}/password").status_code == status
    SignOnProvider.objects.update(is_on=False)
    # Without it they have no way in that is theirs, unless one was just given in its place.
    assert office.post(f"{url}/first_sign_in").status_code == (403 if more else 200)


@pytest.mark.parametrize(("more", "status"), [([], 403), (["become_user"], 200)])
def test_nor_is_their_password_set_over_rest(
    school: Cast, provider: Provider, client: Client, rest: Any, more: list[str], status: int
) -> None:
    school.student.set_unusable_password()
    school.student.save()
    keys = ["manage_user_logins", "read_roster", "view_user_logins", *more]
    in_office(school, *keys)
    sign_on(school, provider, client, "ada.okafor")
    url = f"/api/v1/accounts/{school.root.pk}/logins/{school.student.logins.get().pk}"
    given = {"login": {"password": "willow-under-rain"}}
    assert rest(school.teacher).put(url, given, format="json").status_code == status


# --- Tenants are walls ---


@pytest.fixture
def both(school: Cast) -> Iterator[Provider]:
    """Southfield has a provider of its own, whose people have the same names."""
    with running() as southern:
        actor = school.actor(school.stranger)
        set_provider(actor=actor, fields=fields(southern), secret=SECRET)
        yield southern


def test_each_tenant_asks_its_own_provider(
    school: Cast, provider: Provider, both: Provider, client: Client
) -> None:
    namesake = make_user(school.stranger.root_account, "Ada Okafor")
    south = school.stranger.root_account
    asked = client.get(f"/login/sso/{south.pk}", headers=SOUTH).headers["Location"]
    assert asked.startswith(both.issuer)
    client.get(back(both, asked, "ada.okafor"), headers=SOUTH)
    assert who_is_in(client) == str(namesake.pk)


@pytest.mark.parametrize("match", ["login", "sis_id"])
def test_people_of_another_tenant_are_nobody_here(
    cast: Cast, provider: Provider, client: Client, match: str
) -> None:
    southern = make_user(cast.stranger.root_account, "Sol South", sis_id="sol.south")
    setup(cast, provider, match=match)
    assert sign_on(cast, provider, client, southern.login_id).status_code == 403
    assert who_is_in(client) is None


def test_a_provider_of_another_tenant_is_not_there(
    school: Cast, both: Provider, client: Client
) -> None:
    south = school.stranger.root_account.pk
    assert client.get(f"/login/sso/{south}").status_code == 404
    assert client.get(f"/login/sso/{south}/callback?code=x&state=x").status_code == 404
    assert client.get(f"/login/sso/{school.root.pk}", headers=SOUTH).status_code == 404
    assert client.get("/login/sso/openid_connect").status_code in (302, 404)


def test_an_answer_of_one_tenant_s_provider_signs_nobody_in_at_another(
    school: Cast, provider: Provider, both: Provider, client: Client
) -> None:
    """Whoever runs Southfield's provider may say anything; here it is heard nowhere."""
    south = school.stranger.root_account
    asked = client.get(f"/login/sso/{south.pk}", headers=SOUTH).headers["Location"]
    path = back(both, asked, "root@northfield.example")
    for wrong in (path, path.replace(f"/{south.pk}/", f"/{school.root.pk}/")):
        assert client.get(wrong).status_code in (401, 404)
        assert who_is_in(client) is None


def test_a_session_from_there_does_not_count_here(
    school: Cast, both: Provider, client: Client
) -> None:
    south = school.stranger.root_account
    make_user(south, "Ada Okafor")
    asked = client.get(f"/login/sso/{south.pk}", headers=SOUTH).headers["Location"]
    client.get(back(both, asked, "ada.okafor"), headers=SOUTH)
    assert client.get("/profile/settings").status_code == 302


# --- Forged and replayed answers ---


def test_an_answer_counts_once(school: Cast, provider: Provider, client: Client) -> None:
    path = back(provider, go(school, client), "ada.okafor")
    client.get(path)
    client.post("/logout")
    assert client.get(path).status_code == 401
    assert who_is_in(client) is None


def test_an_answer_counts_in_the_browser_that_asked(
    school: Cast, provider: Provider, client: Client
) -> None:
    path = back(provider, go(school, client), "ada.okafor")
    victim = Client()
    go(school, victim)
    assert victim.get(path).status_code == 401
    assert who_is_in(victim) is None


def test_an_answer_counts_for_ten_minutes(school: Cast, provider: Provider, client: Client) -> None:
    path = back(provider, go(school, client), "ada.okafor")
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert client.get(path).status_code == 401


def test_a_code_from_elsewhere_is_refused(school: Cast, provider: Provider, client: Client) -> None:
    """PKCE: what an attacker's browser was given does not fit into the victim's."""
    stolen = dict(parse_qsl(urlsplit(back(provider, go(school, Client()), "ben.ito")).query))
    mine = dict(parse_qsl(urlsplit(go(school, client)).query))
    path = f"/login/sso/{school.root.pk}/callback"
    answer = client.get(path, {"code": stolen["code"], "state": mine["state"]})
    assert answer.status_code == 401
    assert who_is_in(client) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another-application"},
        {"exp": 1},
        {"sub": "somebody-else"},
        {"sub": "a\x00"},
        {"sub": ""},
        {"sub": None},
        {"userinfo": {"sub": "a\x00"}},
        {"userinfo": {"sub": ["sub-ada.o"]}},
        {"userinfo": {"sub": "somebody-else"}},
        {"config": {"issuer": "https://evil.example"}},
        {"config": {"token_endpoint": "http://evil.example/token"}},
        {"config": {"token_endpoint": None}},
    ],
    ids=lambda wrong: str(wrong)[:50],
)
def test_a_wrong_answer_signs_nobody_in(
    school: Cast, provider: Provider, client: Client, wrong: dict[str, Any]
) -> None:
    asked = go(school, client)
    provider.wrong = wrong
    assert client.get(back(provider, asked, "ada.okafor")).status_code == 401
    assert who_is_in(client) is None


@pytest.mark.parametrize("of_its_kid", [True, False])
def test_what_another_key_has_signed_signs_nobody_in(
    school: Cast, provider: Provider, client: Client, monkeypatch: Any, of_its_kid: bool
) -> None:
    """Whoever answers in the provider's place: its signature is none of theirs."""
    other = Provider(whose_key="another's")
    other.server.server_close()
    published = other.keys()
    published["keys"][0]["kid"] = "1" if of_its_kid else "2"
    monkeypatch.setattr(provider, "keys", lambda: published)
    assert client.get(back(provider, go(school, client), "ada.okafor")).status_code == 401
    assert who_is_in(client) is None


def test_what_userinfo_says_does_not_replace_what_is_signed(
    school: Cast, provider: Provider, client: Client
) -> None:
    asked = go(school, client)
    provider.wrong = {"userinfo": {"preferred_username": "root@northfield.example"}}
    client.get(back(provider, asked, "ada.okafor"))
    assert is_in(client, school.student)


def test_a_redirect_of_the_provider_is_not_followed(
    school: Cast, provider: Provider, client: Client
) -> None:
    asked = go(school, client)
    provider.wrong = {"config": {"userinfo_endpoint": f"{provider.issuer}/elsewhere"}}
    assert client.get(back(provider, asked, "ada.okafor")).status_code == 401


def test_when_the_provider_is_gone_it_says_so(
    school: Cast, provider: Provider, client: Client
) -> None:
    SignOnProvider.objects.update(issuer="http://127.0.0.1:9")
    answer = client.get(f"/login/sso/{school.root.pk}")
    assert answer.status_code == 401
    assert "did not work" in answer.content.decode()


def test_who_cancels_is_back_at_signing_in(
    school: Cast, provider: Provider, client: Client
) -> None:
    state = dict(parse_qsl(urlsplit(go(school, client)).query))["state"]
    path = f"/login/sso/{school.root.pk}/callback"
    answer = client.get(path, {"error": "access_denied", "state": state})
    assert answer.headers["Location"] == "/login"


def test_nothing_else_in_the_address_is_heeded(
    school: Cast, provider: Provider, client: Client
) -> None:
    """allauth's own view would connect accounts, and hand on scopes and parameters."""
    asked = go(school, client, process="connect", scope="admin", auth_params="prompt=none")
    assert "admin" not in asked
    assert "prompt" not in asked
    client.get(back(provider, asked, "ada.okafor"))
    assert is_in(client, school.student)


def test_nothing_of_it_is_kept_or_logged(
    school: Cast, provider: Provider, client: Client, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    path = back(provider, go(school, client), "ada.okafor")
    client.get(path)
    provider.wrong = {"nonce": "x"}
    sign_on(school, provider, Client(), "ada.okafor")
    assert not SocialAccount.objects.exists()
    assert not SocialToken.objects.exists()
    for token in provider.tokens:
        assert token not in caplog.text
    assert SECRET not in caplog.text


def test_it_takes_the_place_of_whoever_was_signed_in(
    school: Cast, provider: Provider, client: Client
) -> None:
    path = back(provider, go(school, client), "ada.okafor")
    client.post("/login", {"login": "ben.ito", "password": PASSWORD})
    client.get(path)
    assert is_in(client, school.student)


# --- Setting it up ---

FORM = "/accounts/{}/authentication"


def send(cast: Cast, client: Client, provider: Provider, **more: Any) -> Any:
    data = fields(provider) | {"secret": SECRET} | more
    return client.post(
        FORM.format(cast.root.pk),
        {name: value for name, value in data.items() if value is not False},
    )


def test_an_account_admin_sets_it_up(
    cast: Cast, provider: Provider, client: Client, signed_in: Any
) -> None:
    admin = signed_in(cast.root_admin)
    page = admin.get(FORM.format(cast.root.pk)).content.decode()
    assert f"http://testserver/login/sso/{cast.root.pk}/callback" in page
    assert send(cast, admin, provider).status_code == 302
    sign_on(cast, provider, client, "ada.okafor")
    assert is_in(client, cast.student)
    [told] = Event.objects.filter(action="sign_on_changed")
    assert told.data["after"]["issuer"] == provider.issuer
    assert SECRET not in str(told.data)


def test_the_secret_is_kept_sealed_and_never_shown(
    school: Cast, provider: Provider, signed_in: Any
) -> None:
    held = SignOnProvider.objects.get()
    assert SECRET not in str(vars(held))
    admin = signed_in(school.root_admin)
    page = admin.get(FORM.format(school.root.pk)).content.decode()
    assert SECRET not in page
    assert held.sealed_secret not in page
    assert send(school, admin, provider, secret="", label="Other").status_code == 302
    assert unseal(SignOnProvider.objects.get().sealed_secret) == SECRET


def test_a_first_one_needs_a_secret(cast: Cast, provider: Provider, signed_in: Any) -> None:
    answer = send(cast, signed_in(cast.root_admin), provider, secret="")
    assert answer.status_code == 422
    assert "Type in the secret." in answer.content.decode()


def test_secrets_outlive_a_change_of_the_key(settings: Any) -> None:
    sealed = seal("text")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-this"
    assert unseal(sealed) == "text"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(CannotUnseal):
        unseal(sealed)


def test_saving_seals_it_under_the_key_of_now(
    school: Cast, provider: Provider, signed_in: Any, settings: Any
) -> None:
    admin = signed_in(school.root_admin)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-this"
    assert send(school, admin, provider, secret="").status_code == 302
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(SignOnProvider.objects.get().sealed_secret) == SECRET


def test_a_secret_that_is_lost_is_asked_for(
    school: Cast, provider: Provider, signed_in: Any
) -> None:
    SignOnProvider.objects.update(sealed_secret="nonsense")
    answer = send(school, signed_in(school.root_admin), provider, secret="")
    assert answer.status_code == 422
    assert "Type in the secret." in answer.content.decode()


def test_with_a_lost_key_nobody_is_offered_it(school: Cast, client: Client, settings: Any) -> None:
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-this"
    assert client.get(f"/login/sso/{school.root.pk}").status_code == 404


@pytest.mark.parametrize(
    ("issuer", "said"),
    [
        ("http://login.example.org", "begins with https://"),
        ("ftp://127.0.0.1", "begins with https://"),
        ("nonsense", "begins with https://"),
        ("https://[", "begins with https://"),
        ("http://127.0.0.1:9", "No OpenID Connect provider with this issuer"),
    ],
)
def test_the_issuer_is_asked_before_it_is_kept(
    cast: Cast, provider: Provider, signed_in: Any, issuer: str, said: str
) -> None:
    answer = send(cast, signed_in(cast.root_admin), provider, issuer=issuer)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not SignOnProvider.objects.exists()


def test_with_tls_not_even_this_machine_is_asked_without_it(
    cast: Cast, provider: Provider, signed_in: Any, settings: Any
) -> None:
    settings.HTTPS = True
    assert send(cast, signed_in(cast.root_admin), provider).status_code == 422


def test_one_that_calls_itself_otherwise_is_not_kept(
    cast: Cast, provider: Provider, signed_in: Any
) -> None:
    provider.wrong = {"config": {"issuer": "https://evil.example"}}
    assert send(cast, signed_in(cast.root_admin), provider).status_code == 422


def test_off_or_removed_it_signs_nobody_in(
    school: Cast, provider: Provider, client: Client, signed_in: Any
) -> None:
    admin = signed_in(school.root_admin)
    path = back(provider, go(school, client), "ada.okafor")
    assert send(school, admin, provider, is_on=False).status_code == 302
    assert client.get(path).status_code == 404
    assert "District" not in client.get("/login").content.decode()
    admin.post(f"{FORM.format(school.root.pk)}/remove")
    assert not SignOnProvider.objects.exists()
    assert Event.objects.filter(action="sign_on_removed").exists()


@pytest.mark.parametrize("who", ["sub_admin", "neighbour_admin", "teacher", "student", "stranger"])
def test_nobody_else_sets_it_up(cast: Cast, provider: Provider, who: str) -> None:
    with pytest.raises(Denied):
        set_provider(
            actor=cast.actor(getattr(cast, who)) if who != "stranger"
            else type(cast.actor(cast.root_admin))(cast.root, cast.stranger, cast.stranger),
            fields=fields(provider), secret=SECRET,
        )  # fmt: skip


def test_who_manages_settings_alone_does_not(
    cast: Cast, provider: Provider, signed_in: Any
) -> None:
    """They could come in as an Account Admin through a provider of their own."""
    keys = ["manage_account_settings", "become_user", "manage_user_logins", "read_roster"]
    in_office(cast, *keys)
    client = signed_in(cast.teacher)
    assert client.get(f"/accounts/{cast.root.pk}/settings").status_code == 200
    assert (
        "Set up single sign-on"
        not in client.get(f"/accounts/{cast.root.pk}/settings").content.decode()
    )
    assert send(cast, client, provider).status_code == 403


def test_nobody_does_while_acting_as_an_account_admin(
    cast: Cast, provider: Provider, signed_in: Any
) -> None:
    make_admin(cast, cast.teacher, cast.root)
    client = signed_in(cast.root_admin)
    client.post(f"/users/{cast.teacher.pk}/masquerade")
    assert send(cast, client, provider).status_code == 403


def test_a_sub_account_has_none(cast: Cast, provider: Provider, signed_in: Any) -> None:
    client = signed_in(cast.root_admin)
    assert client.get(FORM.format(cast.accounts.high.pk)).status_code == 403
    page = client.get(f"/accounts/{cast.accounts.high.pk}/settings").content.decode()
    assert "Set up single sign-on" not in page
