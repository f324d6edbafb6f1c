"""Where observers confirm their e-mail: until then nobody gets in, and nothing is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import SignOnProvider, User
from accounts.sealing import seal
from accounts.tokens import make_token
from audit.models import Event
from pairing.mail import _post
from pairing.models import ObservationLink, PairingCode
from tests.cast import PASSWORD, Cast, make_user
from tests.openid_provider import CLIENT_ID, SECRET, running

STEP, PAGE, CONFIRM = "/register/observer/code", "/register/observer", "/register/observer/confirm"
PARENT = {"name": "Ruth Okafor", "email": "ruth@home.example", "password": "willow-under-rain"}


@pytest.fixture(autouse=True)
def _confirming(cast: Cast) -> None:
    User.objects.filter(pk=cast.student.pk).update(email="ada@families.example")
    cast.set(confirms_email=True)


@pytest.fixture
def sent(django_capture_on_commit_callbacks: Any) -> Any:
    """`sent(do)`: what it answers, once mail has gone out."""

    def do(act: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            answer = act()
        _post.submit(lambda: None).result()
        return answer

    return do


def register(cast: Cast, client: Client, **changes: str) -> Any:
    client.post(STEP, {"code": cast.code().shown})
    return client.post(PAGE, PARENT | changes)


def ruth() -> User:
    return User.objects.get(login_id=PARENT["email"])


def mail_to(address: str) -> list[str]:
    return [message.body for message in mail.outbox if message.to == [address]]


def link_in(body: str) -> str:
    return re.search(r"http://testserver(\S+)", body)[1]


def sign_in(client: Client, password: str = PARENT["password"], **more: Any) -> Any:
    return client.post("/login", {"login": PARENT["email"], "password": password}, **more)


def is_in(client: Client) -> bool:
    return client.get("/profile/observees").status_code == 200


@pytest.fixture
def registered(cast: Cast, client: Client, sent: Any) -> Client:
    """The browser in which Ruth has just registered; her mail is in the outbox."""
    response = sent(lambda: register(cast, client))
    assert response.headers["Location"] == CONFIRM
    return client


def follow(client: Client, text: str | None = None) -> Any:
    return client.get(text or link_in(mail_to(PARENT["email"])[0]), follow=True)


# --- Registering ---


def test_account_and_link_are_made_and_nobody_is_in(cast: Cast, registered: Client) -> None:
    user = ruth()
    assert (user.state, user.is_active) == ("unproven", False)
    assert ObservationLink.objects.active().get().observer == user
    assert PairingCode.objects.get().state == "redeemed"
    assert not is_in(registered)
    page = registered.get(CONFIRM).content.decode()
    assert "ruth@home.example" in page
    assert "is not lost" in page
    assert "pairing_code" not in {n for n, c in registered.cookies.items() if c.value}


def test_the_mail_has_the_link_and_names_no_child(cast: Cast, registered: Client) -> None:
    [body] = mail_to(PARENT["email"])
    assert "Ada" not in body
    assert "/register/observer/confirm/link?key=" in body
    assert "Ruth Okafor" in mail_to("ada@families.example")[0]  # the student is told as ever


def test_who_is_not_confirmed_gets_in_nowhere(cast: Cast, registered: Client, rest: Any) -> None:
    user = ruth()
    browser = Client()
    assert sign_in(browser).headers["Location"] == CONFIRM
    assert not is_in(browser)
    browser.force_login(user, backend="accounts.signin.TenantBackend")
    assert not is_in(browser)
    text = make_token(user, "x")[1]
    api = rest(None)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert api.get("/api/v1/users/self").status_code == 401
    proof = {"observee": {"unique_id": user.login_id, "password": PARENT["password"]}}
    answer = rest(cast.observer).post("/api/v1/users/self/observees", proof, format="json")
    assert answer.status_code == 401


def test_a_wrong_password_does_not_tell_that_it_waits(cast: Cast, registered: Client) -> None:
    answer = sign_in(Client(), "wrong")
    assert answer.status_code == 200
    assert "go together" in answer.content.decode()


def test_the_link_and_the_password_let_in(cast: Cast, registered: Client) -> None:
    page = follow(registered).content.decode()
    assert "One last step" in page
    assert 'value="ruth@home.example"' in page
    assert ruth().state == "unproven"
    assert 'name="next" value="/profile/observees"' in page
    assert sign_in(registered).status_code == 302
    assert ruth().state == "active"
    page = registered.get("/profile/observees").content.decode()
    assert "You are linked to Ada O." in page
    told = Event.objects.get(action="email_confirmed")
    assert (told.actor, told.subject) == (ruth(), ruth())


def test_in_another_browser_too(cast: Cast, registered: Client) -> None:
    phone = Client()
    follow(phone)
    sign_in(phone)
    assert "You are linked to Ada O." in phone.get("/profile/observees").content.decode()


# --- What does not let in ---


def test_the_link_alone_lets_nobody_in(cast: Cast, registered: Client) -> None:
    """A program that looks into mails, or whoever the mail reached by mistake."""
    stranger = Client()
    follow(stranger)
    assert not is_in(stranger)
    assert sign_in(stranger, "guessed").status_code == 200
    assert ruth().state == "unproven"
    assert sign_in(registered).headers["Location"] == CONFIRM


def test_a_link_that_another_follows_lets_the_registrant_in_nowhere(
    cast: Cast, registered: Client
) -> None:
    """Who registers with somebody else's address waits for ever, whatever they click."""
    victim = Client()
    follow(victim)
    victim.post("/login", {"login": "joy.okafor", "password": PASSWORD})
    assert sign_in(registered).headers["Location"] == CONFIRM
    assert ruth().state == "unproven"


def test_the_owner_of_the_address_takes_it_back_by_a_new_password(
    cast: Cast, registered: Client, sent: Any
) -> None:
    owner = Client()
    sent(lambda: owner.post("/password/reset", {"email": PARENT["email"]}))
    form = owner.get(link_in(mail_to(PARENT["email"])[1])).headers["Location"]
    owner.post(form, {"password1": "the-owner-of-it"})
    assert ruth().state == "active"
    assert sign_in(registered).status_code == 200  # the first password is over
    assert sign_in(owner, "the-owner-of-it").status_code == 302
    assert is_in(owner)


def test_the_link_ends_after_three_days_and_another_is_sent(
    cast: Cast, registered: Client, sent: Any
) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
        answer = follow(registered)
        assert answer.status_code == 410
        sign_in(registered)
        answer = sent(lambda: registered.post(CONFIRM, follow=True))
        assert "Another message is on its way." in answer.content.decode()
        newest = mail_to(PARENT["email"])[-1]
        follow(registered, link_in(newest))
        sign_in(registered)
        assert is_in(registered)


@pytest.mark.parametrize("change", [{"email": "other@home.example"}, {"state": "active"}])
def test_the_link_dies_with_the_address_and_once_it_was_used(
    cast: Cast, registered: Client, change: dict[str, str]
) -> None:
    User.objects.filter(login_id=PARENT["email"]).update(**change)
    assert follow(Client()).status_code == 410


def test_a_link_of_another_tenant_or_another_text_is_none(cast: Cast, registered: Client) -> None:
    path = link_in(mail_to(PARENT["email"])[0])
    assert Client().get(path, headers={"host": "southfield.localhost"}).status_code == 410
    assert Client().get(f"{CONFIRM}/link?key=nonsense").status_code == 410
    assert Client().get(f"{CONFIRM}/link?key={'a' * 3000}").status_code == 410


def test_who_is_signed_in_as_another_is_asked_to_sign_out(
    cast: Cast, registered: Client, signed_in: Any
) -> None:
    page = follow(signed_in(cast.observer)).content.decode()
    assert "you are signed in as Joy Okafor" in page


# --- Another message ---


def test_one_message_in_three_minutes(cast: Cast, registered: Client, sent: Any) -> None:
    assert sent(lambda: registered.post(CONFIRM)).status_code == 302
    answer = sent(lambda: registered.post(CONFIRM))
    assert answer.status_code == 429
    assert "three minutes" in answer.content.decode()
    assert len(mail_to(PARENT["email"])) == 2


def test_nobody_asks_for_a_message_to_others(cast: Cast, registered: Client, sent: Any) -> None:
    stranger = Client()
    assert sent(lambda: stranger.post(CONFIRM)).headers["Location"] == "/login"
    assert stranger.get(CONFIRM).headers["Location"] == "/login"
    assert len(mail_to(PARENT["email"])) == 1


def test_who_registers_again_is_sent_to_sign_in_and_finds_the_way(
    cast: Cast, registered: Client
) -> None:
    again = Client()
    page = register(cast, again)
    assert page.headers["Location"].startswith("/login")
    assert sign_in(again).headers["Location"] == CONFIRM


# --- Over REST ---


def by_app(cast: Cast, rest: Any, **pseudonym: str) -> Any:
    body = {
        "user": {"name": "Ruth Okafor", "initial_enrollment_type": "observer"},
        "pseudonym": {"unique_id": PARENT["email"], **pseudonym},
        "communication_channel": {"skip_confirmation": True},
        "pairing_code": {"code": cast.code().text},
    }
    return rest(None).post(f"/api/v1/accounts/{cast.root.pk}/users", body, format="json")


def test_an_app_cannot_skip_it(cast: Cast, rest: Any, sent: Any) -> None:
    assert sent(lambda: by_app(cast, rest, password=PARENT["password"])).status_code == 200
    assert ruth().state == "unproven"
    client = Client()
    assert sign_in(client).headers["Location"] == CONFIRM
    follow(client)
    sign_in(client)
    assert is_in(client)


def test_without_a_password_the_mail_lets_choose_one(cast: Cast, rest: Any, sent: Any) -> None:
    sent(lambda: by_app(cast, rest))
    client = Client()
    form = client.get(link_in(mail_to(PARENT["email"])[0])).headers["Location"]
    client.post(form, {"password1": PARENT["password"]})
    assert ruth().state == "active"
    sign_in(client)
    assert is_in(client)


# --- The setting, and administrators ---


def test_without_the_setting_nobody_waits(cast: Cast, client: Client, sent: Any) -> None:
    cast.set(confirms_email=False)
    sent(lambda: register(cast, client))
    assert ruth().state == "active"
    assert is_in(client)


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"match": "login"}, "unproven"),
        ({"match": "sis_id"}, "active"),
        ({"match": "login", "is_on": False}, "active"),
    ],
)
def test_where_logins_come_from_elsewhere_nobody_takes_one_that_is_not_theirs(
    cast: Cast, client: Client, sent: Any, given: dict[str, Any], state: str
) -> None:
    """Else the owner of the address would come in to what somebody else has the password of."""
    cast.set(confirms_email=False)
    SignOnProvider.objects.create(root_account=cast.root, claim="email", **given)
    sent(lambda: register(cast, client))
    assert ruth().state == state


def test_single_sign_on_takes_no_password_that_another_has_chosen_with_it(
    cast: Cast, registered: Client, client: Client
) -> None:
    """Somebody registers with Ruth's address; she follows the link, and comes by the provider."""
    with running() as provider:
        asks = {"issuer": provider.issuer, "client_id": CLIENT_ID, "sealed_secret": seal(SECRET)}
        SignOnProvider.objects.create(root_account=cast.root, claim="preferred_username", **asks)
        owner = Client()
        follow(owner)
        asked = owner.get(f"/login/sso/{cast.root.pk}").headers["Location"]
        path = provider.answer(dict(parse_qsl(urlsplit(asked).query)), PARENT["email"])
        answer = owner.get(path.removeprefix("http://testserver"))
    assert answer.headers["Location"] == CONFIRM
    assert ruth().state == "unproven"
    sign_in(registered)
    assert not is_in(registered)


def test_an_administrator_sets_it(cast: Cast, rest: Any) -> None:
    url = f"/api/v1/accounts/{cast.root.pk}"
    for value in (False, True):
        given = {"account": {"settings": {"observer_email_confirmation": value}}}
        assert rest(cast.root_admin).put(url, given, format="json").status_code == 200
        assert cast.fresh().settings.confirms_email is value


def test_an_administrator_lets_somebody_in(cast: Cast, registered: Client, signed_in: Any) -> None:
    admin = signed_in(cast.root_admin)
    page = admin.get(f"/users/{ruth().pk}").content.decode()
    assert "e-mail not confirmed" in page
    assert "Let them in without a confirmed e-mail" in page
    assert signed_in(cast.sub_admin).post(f"/users/{ruth().pk}/lift").status_code in (403, 404)
    admin.post(f"/users/{ruth().pk}/lift")
    assert Event.objects.filter(action="vouched_for", actor=cast.root_admin).exists()
    sign_in(registered)
    assert is_in(registered)


def test_administrators_find_those_who_wait(cast: Cast, registered: Client, signed_in: Any) -> None:
    url = f"/accounts/{cast.root.pk}/users?show=unproven"
    page = signed_in(cast.root_admin).get(url).content.decode()
    assert "Okafor, Ruth" in page
    assert "Okafor, Joy" not in page


def test_the_student_sees_that_they_can_not_come_in_yet(
    cast: Cast, registered: Client, signed_in: Any
) -> None:
    words = "has not confirmed the e-mail yet"
    ada = signed_in(cast.student)
    assert words in ada.get("/profile/settings").content.decode()
    User.objects.filter(login_id=PARENT["email"]).update(state="active")
    assert words not in ada.get("/profile/settings").content.decode()


def test_a_suspended_one_is_not_let_in_by_a_link(
    cast: Cast, registered: Client, signed_in: Any
) -> None:
    signed_in(cast.root_admin).post(f"/users/{ruth().pk}/suspend")
    assert ruth().state == "suspended"
    assert follow(Client()).status_code == 410
    assert sign_in(Client()).status_code == 200


def test_a_suspended_one_gets_no_link_to_a_password(
    cast: Cast, registered: Client, sent: Any
) -> None:
    User.objects.filter(login_id=PARENT["email"]).update(state="suspended")
    sent(lambda: Client().post("/password/reset", {"email": PARENT["email"]}))
    assert len(mail_to(PARENT["email"])) == 1


def test_the_same_address_elsewhere_is_another_person(cast: Cast, registered: Client) -> None:
    namesake = make_user(cast.stranger.root_account, "Ruth Okafor")
    namesake.login_id = PARENT["email"]
    namesake.save()
    there = Client()
    answer = sign_in(there, PASSWORD, headers={"host": "southfield.localhost"})
    assert answer.headers["Location"] == "/"
