"""Where people are signed in, and signing out everywhere: oneself, and others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.credentials import Credential
from accounts.devices import Device, devices_of
from accounts.models import AccessToken, Session, User
from accounts.sessions import SessionStore
from accounts.tokens import make_token
from audit.models import Event
from oauth.actions.sessions import make_session_token
from oauth.models import AuthorizationCode, DeveloperKey, Integration
from tests.cast import PASSWORD, Cast, make_account_role, make_admin

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def sign_in(user: User, agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": agent})
    assert client.post("/login", {"login": user.login_id, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    """The page is the quickest of those that are for the signed in."""
    return client.get("/profile/qr_mobile_login").status_code == 200


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def events(action: str) -> list[Event]:
    return list(Event.objects.filter(action=action))


@pytest.fixture
def with_everything(cast: Cast) -> dict[str, Any]:
    """Ada on two devices, with a token, an application, its unused code, and an address to open."""
    key = DeveloperKey.objects.create(
        root_account=cast.root, name="Planner", redirect_uris="app:/x"
    )
    soon = timezone.now() + timedelta(minutes=5)
    code = AuthorizationCode.objects.create(
        root_account=cast.root, user=cast.student, key=key, digest="c" * 64, expires_at=soon
    )
    integration = Integration.objects.create(root_account=cast.root, user=cast.student, key=key)
    token, text = make_token(cast.student, "sync")
    address = make_session_token(
        actor=cast.actor(cast.student), credential=Credential(token_id=token.pk), return_to="/"
    )
    return {
        "here": sign_in(cast.student),
        "there": sign_in(cast.student, IPHONE),
        "token": token,
        "text": text,
        "code": code,
        "integration": integration,
        "address": address,
    }


def assert_signed_out(kept: dict[str, Any], *, token_works: bool) -> None:
    assert not is_in(kept["here"])
    assert not is_in(kept["there"])
    kept["integration"].refresh_from_db()
    kept["code"].refresh_from_db()
    assert kept["integration"].ended_at is not None
    assert kept["code"].used_at is not None
    opened = Client()
    opened.get("/login/session", {"session_token": kept["address"]})
    assert not is_in(opened)
    api = APIClient(headers={"authorization": f"Bearer {kept['text']}"})
    assert (api.get("/api/v1/users/self").status_code == 200) is token_works


# --- How sessions are kept ---


def test_the_database_keeps_no_key_of_a_session(cast: Cast) -> None:
    client = sign_in(cast.student)
    key = client.cookies["sessionid"].value
    row = Session.objects.get(user=cast.student)
    assert key not in str([*vars(row).values(), row.get_decoded()])
    thief = Client()
    thief.cookies["sessionid"] = row.session_key
    assert not is_in(thief)


def test_no_session_is_begun_under_the_key_of_another(cast: Cast) -> None:
    taken = sign_in(cast.student).cookies[settings.SESSION_COOKIE_NAME].value
    assert SessionStore().exists(taken)
    assert not SessionStore().exists(taken[:-1])


def test_use_is_noted_every_ten_minutes(cast: Cast) -> None:
    client = sign_in(cast.student)
    rows = Session.objects.filter(user=cast.student)
    long_ago = timezone.now() - timedelta(minutes=11)
    for before, is_noted in [(long_ago, True), (timezone.now() - timedelta(minutes=9), False)]:
        rows.update(seen_at=before)
        client.get("/language")
        assert (rows.get().seen_at > before) is is_noted


def test_sessions_that_are_over_open_nothing_and_are_thrown_away(cast: Cast) -> None:
    client = sign_in(cast.student)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_in(client)
    assert devices_of(cast.student) == []
    sign_in(cast.classmate)
    assert [row.user for row in Session.objects.exclude(user=None)] == [cast.classmate]


def test_signing_in_gives_the_session_another_key(cast: Cast) -> None:
    client = Client()
    client.get("/login/oauth2/auth", {"unique_id": "x"})
    session = client.session
    session["fixed"] = 1
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = before = session.session_key
    client.post("/login", {"login": cast.student.login_id, "password": PASSWORD})
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    assert is_in(client)
    assert not is_in(thief)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) … Chrome/141.0 Safari/537.36", "Chrome on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) … Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) … Version/18 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/141.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8", "A browser that doesn't say what it is"),
        ("", "A browser that doesn't say what it is"),
    ],
)  # fmt: skip
def test_browsers_are_named(agent: str, name: str) -> None:
    assert Device("1", agent, None, None, timezone.now(), False).name == name


# --- Oneself ---


def test_settings_list_where_one_is_signed_in(cast: Cast) -> None:
    here, _there = sign_in(cast.student), sign_in(cast.student, IPHONE)
    sign_in(cast.classmate)
    page = here.get("/profile/settings").content.decode()
    found = page[page.index('id="devices"') : page.index('id="tokens-title"')]
    assert found.count('<div class="person">') == 2
    assert (
        found.index("Firefox on Linux")
        < found.index("this device")
        < found.index("Safari on iPhone")
    )
    assert "from 127.0.0.1" in found


def test_a_session_that_a_new_password_has_ended_is_not_listed(cast: Cast) -> None:
    sign_in(cast.student)
    student = fresh(cast.student)
    student.set_password("another-horse-battery")
    student.save()
    assert Session.objects.filter(user=student).exists()
    assert devices_of(student) == []


def test_one_other_device_is_signed_out(cast: Cast) -> None:
    here, there = sign_in(cast.student), sign_in(cast.student, IPHONE)
    [other] = [d for d in devices_of(fresh(cast.student)) if d.name == "Safari on iPhone"]
    response = here.post(f"/profile/sessions/{other.id}/end", follow=True)
    assert "That device is signed out." in response.content.decode()
    assert response.redirect_chain == [("/profile/settings", 302)]  # at its top, where it is said
    assert is_in(here)
    assert not is_in(there)
    assert [(one.actor, one.subject) for one in events("session_ended")] == [
        (cast.student, cast.student)
    ]
    again = here.post(f"/profile/sessions/{other.id}/end", follow=True)
    assert "was signed out already" in again.content.decode()


def test_of_many_devices_the_last_used_are_seen_first(cast: Cast) -> None:
    here = [sign_in(cast.student) for _ in range(7)][-1]
    page = here.get("/profile/settings").content.decode()
    seen, _, folded = page[page.index('id="devices"') :].partition('<details class="more">')
    assert ("this device" in seen, seen.count("/profile/sessions/")) == (True, 4)
    assert "2 more, not used for longer" in folded
    assert folded.count("/profile/sessions/") - folded.count("/profile/sessions/end") == 2


def test_nobody_ends_a_session_of_another_there(cast: Cast) -> None:
    ada, ben = sign_in(cast.student), sign_in(cast.classmate)
    [bens] = devices_of(fresh(cast.classmate))
    ada.post(f"/profile/sessions/{bens.id}/end")
    assert is_in(ben)
    assert events("session_ended") == []


def test_signing_out_everywhere_ends_browsers_and_applications(
    cast: Cast, with_everything: dict[str, Any]
) -> None:
    response = with_everything["here"].post("/profile/sessions/end", follow=True)
    assert response.redirect_chain[-1][0] == "/login"
    assert "You are signed out everywhere." in response.content.decode()
    assert_signed_out(with_everything, token_works=True)
    [told] = events("signed_out_everywhere")
    assert (told.actor, told.subject, told.data) == (cast.student, cast.student, {"tokens": []})
    assert is_in(sign_in(cast.student))


def test_access_tokens_end_with_a_tick(cast: Cast, with_everything: dict[str, Any]) -> None:
    other = make_token(cast.classmate, "Ben's")[0]
    page = with_everything["here"].get("/profile/settings").content.decode()
    assert "End my access tokens, too." in page
    with_everything["here"].post("/profile/sessions/end", {"tokens": "on"})
    assert_signed_out(with_everything, token_works=False)
    assert events("signed_out_everywhere")[0].data == {"tokens": [with_everything["token"].pk]}
    assert AccessToken.objects.kept().get() == other


def test_without_tokens_none_are_asked_about(cast: Cast) -> None:
    assert (
        "End my access tokens"
        not in sign_in(cast.student).get("/profile/settings").content.decode()
    )


def test_acting_as_someone_neither_shows_nor_ends_their_sessions(
    cast: Cast, with_everything: dict[str, Any]
) -> None:
    admin = sign_in(cast.root_admin)
    admin.post(f"/users/{cast.student.pk}/masquerade")
    assert "Where you are signed in" not in admin.get("/profile/settings").content.decode()
    [device, _] = devices_of(fresh(cast.student))
    assert admin.post("/profile/sessions/end").status_code == 403
    assert admin.post(f"/profile/sessions/{device.id}/end").status_code == 403
    assert is_in(with_everything["here"])
    assert is_in(with_everything["there"])


# --- An administrator ---


def test_an_administrator_sees_what_somebody_is_signed_in_with(
    cast: Cast, signed_in: Any, with_everything: dict[str, Any]
) -> None:
    page = signed_in(cast.root_admin).get(f"/users/{cast.student.pk}").content.decode()
    for words in ("Firefox on Linux", "Safari on iPhone", "Planner", "sync", "Sign out everywhere"):
        assert words in page
    assert "this device" not in page
    assert with_everything["text"] not in page


def test_for_somebody_who_is_nowhere_it_says_so(cast: Cast, signed_in: Any) -> None:
    page = signed_in(cast.root_admin).get(f"/users/{cast.student.pk}").content.decode()
    assert "Ada Okafor is signed in nowhere." in page
    assert "Sign out everywhere" not in page


@pytest.mark.parametrize("tokens", [True, False])
def test_an_administrator_signs_somebody_out_everywhere(
    cast: Cast, signed_in: Any, with_everything: dict[str, Any], tokens: bool
) -> None:
    admin = signed_in(cast.root_admin)
    response = admin.post(
        f"/users/{cast.student.pk}/sign_out", {"tokens": "on"} if tokens else {}, follow=True
    )
    assert "Ada Okafor is signed out everywhere." in response.content.decode()
    assert_signed_out(with_everything, token_works=not tokens)
    [told] = events("signed_out_everywhere")
    assert (told.actor, told.subject) == (cast.root_admin, cast.student)
    assert is_in(admin)


def test_an_administrator_who_signs_themself_out_there_is_out(cast: Cast) -> None:
    admin = sign_in(cast.root_admin)
    admin.post(f"/users/{cast.root_admin.pk}/sign_out")
    assert not is_in(admin)


@pytest.mark.parametrize("who", ["sub_admin", "teacher", "classmate", "observer"])
def test_nobody_else_does(
    cast: Cast, signed_in: Any, with_everything: dict[str, Any], who: str
) -> None:
    client = signed_in(getattr(cast, who))
    assert client.post(f"/users/{cast.student.pk}/sign_out").status_code in (403, 404)
    page = client.get(f"/users/{cast.student.pk}").content.decode()
    assert "Firefox on Linux" not in page
    assert is_in(with_everything["here"])


def test_who_manages_logins_signs_out_nobody_who_holds_more(cast: Cast, signed_in: Any) -> None:
    helper = make_account_role(cast, "Helper", "read_roster", "manage_user_logins")
    make_admin(cast, cast.teacher, cast.root, helper)
    client = signed_in(cast.teacher)
    assert client.post(f"/users/{cast.student.pk}/sign_out").status_code == 302
    assert client.post(f"/users/{cast.root_admin.pk}/sign_out").status_code == 403


# --- REST ---


def test_rest_ends_everything(cast: Cast, rest: Any, with_everything: dict[str, Any]) -> None:
    response = rest(cast.root_admin).delete(f"/api/v1/users/{cast.student.pk}/sessions")
    assert (response.status_code, response.json()) == (200, "ok")
    assert_signed_out(with_everything, token_works=False)


def test_rest_ends_one_s_own(cast: Cast, rest: Any, with_everything: dict[str, Any]) -> None:
    client = rest(cast.student)
    assert client.delete("/api/v1/users/self/sessions").status_code == 200
    assert_signed_out(with_everything, token_works=False)
    assert client.get("/api/v1/users/self").status_code == 401


def test_rest_ends_nothing_while_acting_as_the_person(
    cast: Cast, rest: Any, with_everything: dict[str, Any]
) -> None:
    """The administrator's own right counts; that of the person acted as lends none."""
    helper = make_account_role(cast, "Actor", "read_roster", "become_user")
    make_admin(cast, cast.teacher, cast.root, helper)
    url = f"/api/v1/users/self/sessions?as_user_id={cast.student.pk}"
    assert rest(cast.teacher).delete(url).status_code == 403
    assert is_in(with_everything["here"])


def test_columns_are_named(cast: Cast, signed_in: Any) -> None:
    """Where statements are prepared, one that asks for all columns is refused once there is a new
    one: pages would fail while a new version is being installed."""
    with CaptureQueriesContext(connection) as seen:
        assert signed_in(cast.student).get("/profile/settings").status_code == 200
    assert [one["sql"] for one in seen.captured_queries if "SELECT *" in one["sql"]] == []
