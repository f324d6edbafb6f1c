"""Developer keys: the pages of administrators, and what each deed ends."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from oauth.actions.keys import (
    Fields,
    Kind,
    change_key,
    create_key,
    delete_key,
    renew_secret,
    switch_key,
)
from oauth.addresses import MOST_ADDRESSES, is_address
from oauth.models import OUT_OF_BAND, AuthorizationCode, DeveloperKey, Integration, OAuthToken
from permissions.policy import Denied
from tests.access.test_rules import PEOPLE
from tests.cast import Cast, make_account_role, make_admin
from tests.oauth.conftest import BACK, CLIENT, KNOWN, ME, SECRET, bearer, make_key, post

READ = "url:GET|/api/v1/users/:id"
GIVEN = {"name": "Library", "kind": "server", "redirect_uris": BACK}


@pytest.fixture
def admin(cast: Cast, signed_in: Any) -> Client:
    browser: Client = signed_in(cast.root_admin)
    return browser


@pytest.fixture
def keys(cast: Cast) -> str:
    return f"/accounts/{cast.root.pk}/developer_keys"


@pytest.fixture
def keeper(cast: Cast) -> User:
    """One who manages keys, and is no Account Admin."""
    role = make_account_role(cast, "Key keeper", "manage_developer_keys")
    make_admin(cast, cast.ta, cast.root, role)
    return cast.ta


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def code_of(name: str, response: Any) -> str:
    [found] = re.findall(rf'id="{name}" data-text="([^"]+)"', response.content.decode())
    return str(found)


# --- Adding ---


def test_a_key_is_made_and_its_secret_shown_once(cast: Cast, admin: Client, keys: str):
    assert "There is no developer key yet." in text(admin.get(keys))
    given = GIVEN | {"redirect_uris": f"{BACK}\r\n {OUT_OF_BAND}\n{BACK}", "scopes": READ}
    made = admin.post(f"{keys}/new", given)
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    secret, client_id = code_of("secret", made), code_of("client-id", made)
    key = DeveloperKey.objects.get()
    assert (key.name, key.client_id, key.scopes) == ("Library", client_id, READ)
    assert key.addresses == [BACK, OUT_OF_BAND]
    assert (key.is_public, key.for_mobile, key.is_trusted) == (False, False, False)
    for url in (keys, f"{keys}/{key.pk}"):
        page = admin.get(url)
        assert client_id in text(page)
        assert secret not in text(page)
    wrong = post({"client_id": client_id, "client_secret": secret, "code": "x"})
    assert wrong.json()["message"] == "invalid code"
    event = Event.objects.get(action="developer_key_created")
    assert (event.actor, event.account_id, event.data["name"]) == (
        cast.root_admin, cast.root.pk, "Library",
    )  # fmt: skip


def test_no_secret_is_kept(admin: Client, keys: str):
    secret = code_of("secret", admin.post(f"{keys}/new", GIVEN))
    kept = repr([*DeveloperKey.objects.values(), *Event.objects.values()])
    assert "Library" in kept
    assert secret not in kept
    assert secret.removeprefix("pk~") not in kept


def test_who_can_keep_no_secret_has_none(admin: Client, keys: str):
    public = admin.post(f"{keys}/new", GIVEN | {"kind": "public"})
    assert "PKCE" in text(public)
    mobile = admin.post(f"{keys}/new", GIVEN | {"kind": "mobile"})
    assert mobile.status_code == 200
    assert [key.has_secret for key in DeveloperKey.objects.all()] == [False, False]
    verified = admin.get("/api/v1/mobile_verify.json?domain=testserver").json()
    assert verified["client_id"] == code_of("client-id", mobile)
    second = admin.post(f"{keys}/new", GIVEN | {"kind": "mobile"})
    assert second.status_code == 422
    assert "The mobile apps have a key already." in text(second)
    for key in DeveloperKey.objects.all():
        assert admin.post(f"{keys}/{key.pk}/secret").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "Say what the application is called."),
        ({"redirect_uris": "  "}, "Say where people are sent back to."),
        ({"redirect_uris": f"{BACK}\njavascript:alert(1)"}, "“javascript:alert(1)” can't be one"),
        ({"redirect_uris": " ".join(f"{BACK}/{n}" for n in range(MOST_ADDRESSES + 1))}, "50"),
        ({"scopes": "url:GET|/api/v1/planner"}, "“url:GET|/api/v1/planner” is nothing"),
        ({"kind": "else"}, "else"),
        ({"kind": "public", "is_trusted": "on"}, "Only a server that keeps a secret"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_kept(admin: Client, keys: str, wrong, said):
    page = admin.post(f"{keys}/new", GIVEN | wrong)
    assert page.status_code == 422
    assert said in text(page)
    assert not DeveloperKey.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://x.example", "https://x.example:8443/a?b=c", "http://127.0.0.1:9000/back",
        "http://localhost/", "http://[::1]:8000/x", "org.reading.app:/back", OUT_OF_BAND,
        "https://sso.canvaslms.com/canvas/login",
    ],
)  # fmt: skip
def test_where_codes_may_be_sent(address: str):
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "x.example/back", "/back", "//x.example", "http://x.example/", "https:///back",
        "https://x.example/#a", "https://a@x.example/", "https://x.example@evil.example/",
        "https://x.example:99999/", "https://x.example:0/", "https://x.example\\@evil.example",
        "https://x.example;script-src/", "https://x.example/ b", "https://exämple.org/",
        "javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "app:/x",
        "https://x.example/\x00", "https://" + "x" * 2000,
    ],
)  # fmt: skip
def test_where_codes_may_not_be_sent(address: str):
    assert not is_address(address)


# --- Changing ---


def test_a_key_is_changed_and_what_was_before_is_told(cast: Cast, admin: Client, keys: str):
    key = make_key(cast)
    there = f"{keys}/{key.pk}"
    assert admin.post(there, {"name": "", "redirect_uris": BACK}).status_code == 422
    given = {"name": "Books", "redirect_uris": BACK, "scopes": READ, "requires_scopes": "on"}
    saved = admin.post(there, given)
    assert saved["Location"] == there
    key.refresh_from_db()
    assert (key.name, key.scopes, key.requires_scopes, key.client_id) == (
        "Books",
        READ,
        True,
        CLIENT,
    )
    data = Event.objects.get(action="developer_key_changed").data
    assert data["before"] == {"name": "Reading App", "scopes": "", "requires_scopes": False}
    assert data["after"] == {"name": "Books", "scopes": READ, "requires_scopes": True}
    admin.post(there, given)
    assert Event.objects.filter(action="developer_key_changed").count() == 1


def test_an_address_that_is_taken_away_is_nowhere_to_go(cast: Cast, admin: Client, keys: str):
    key = make_key(cast)
    asked = f"/login/oauth2/auth?client_id={CLIENT}&response_type=code&redirect_uri={BACK}"
    assert admin.get(asked).status_code == 200
    admin.post(f"{keys}/{key.pk}", {"name": "Books", "redirect_uris": "https://else.example/"})
    assert admin.get(asked).status_code == 400


def test_switching_off_ends_tokens_and_codes_at_once(
    cast: Cast, admin: Client, keys: str, tokens, code
):
    body = tokens()
    waiting = code()
    key = DeveloperKey.objects.get()
    mine = bearer(body["access_token"])
    assert mine.get(ME).status_code == 200
    page = admin.post(f"{keys}/{key.pk}/switch", follow=True)
    assert "Reading App is off: its tokens have ended." in text(page)
    refreshing = KNOWN | {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    assert mine.get(ME).status_code == 401
    assert post(refreshing).status_code == 401
    assert not OAuthToken.objects.exists()
    # On again: the tokens stay ended, but nobody has to approve it anew.
    admin.post(f"{keys}/{key.pk}/switch", {"state": "on"})
    assert mine.get(ME).status_code == 401
    assert post(KNOWN | {"code": waiting}).status_code == 400
    assert bearer(post(refreshing).json()["access_token"]).get(ME).status_code == 200
    told = Event.objects.filter(action__startswith="developer_key_switched").order_by("pk")
    assert [e.action.rpartition("_")[2] for e in told] == ["off", "on"]


def test_switching_twice_is_told_once(cast: Cast, admin: Client, keys: str):
    key = make_key(cast)
    for _ in range(2):
        admin.post(f"{keys}/{key.pk}/switch")
    assert Event.objects.filter(action="developer_key_switched_off").count() == 1


def test_another_secret_is_the_only_one(cast: Cast, admin: Client, keys: str, tokens):
    body = tokens()
    key = DeveloperKey.objects.get()
    secret = code_of("secret", admin.post(f"{keys}/{key.pk}/secret"))
    refreshing = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    with_old = post(KNOWN | refreshing)
    assert with_old.json()["message"] == "invalid client_secret"
    assert post({"client_id": CLIENT, "client_secret": secret} | refreshing).status_code == 200
    assert Event.objects.filter(action="developer_key_secret_renewed").count() == 1
    assert secret != SECRET


def test_deleting_ends_all_that_was_approved(cast: Cast, admin: Client, keys: str, tokens, code):
    body = tokens()
    code()
    key = DeveloperKey.objects.get()
    page = admin.post(f"{keys}/{key.pk}/delete", follow=True)
    assert "Reading App is deleted." in text(page)
    assert "There is no developer key yet." in text(page)
    assert bearer(body["access_token"]).get(ME).status_code == 401
    assert not Integration.objects.active().exists()
    assert not AuthorizationCode.objects.filter(used_at=None).exists()
    assert post(KNOWN | {"code": "x"}).json()["error"] == "invalid_client"
    assert Event.objects.get(action="developer_key_deleted").data["integrations"] == 1
    for way in ("", "/secret", "/switch", "/delete"):
        assert admin.post(f"{keys}/{key.pk}{way}", GIVEN).status_code == 404


# --- Trust ---


def test_only_an_account_admin_trusts_or_changes_what_is_trusted(
    cast: Cast, keeper: User, keys: str, signed_in
):
    browser, actor = signed_in(keeper), cast.actor(keeper)
    assert "Trusted: people" not in text(browser.get(f"{keys}/new"))
    browser.post(f"{keys}/new", GIVEN | {"is_trusted": "on"})
    key = DeveloperKey.objects.get()
    assert not key.is_trusted
    with pytest.raises(Denied):
        change_key(actor=actor, key=key, fields={"is_trusted": True})
    with pytest.raises(Denied):
        create_key(
            actor=actor, kind=Kind.SERVER,
            fields={"name": "X", "redirect_uris": [BACK], "is_trusted": True},
        )  # fmt: skip
    DeveloperKey.objects.update(is_trusted=True)
    there = f"{keys}/{key.pk}"
    with pytest.raises(Denied):
        change_key(actor=actor, key=key, fields={"is_trusted": False})
    assert "Only an Account Admin changes it." in text(browser.get(there))
    evil = {"name": "X", "redirect_uris": "https://evil.example/"}
    assert browser.post(there, evil).status_code == 403
    assert browser.post(f"{there}/secret").status_code == 403
    # To stop it is never wrong, to start it again is an Account Admin's.
    assert browser.post(f"{there}/switch").status_code == 302
    assert browser.post(f"{there}/switch", {"state": "on"}).status_code == 403
    assert browser.post(f"{there}/delete").status_code == 302


def test_an_account_admin_trusts_a_server(cast: Cast, admin: Client, keys: str):
    admin.post(f"{keys}/new", GIVEN | {"is_trusted": "on"})
    key = DeveloperKey.objects.get()
    assert key.is_trusted
    assert "trusted" in text(admin.get(keys))
    asked = f"/login/oauth2/auth?client_id={key.client_id}&response_type=code&redirect_uri={BACK}"
    assert admin.get(asked)["Location"].startswith(BACK)


def test_what_has_no_secret_is_never_trusted(cast: Cast):
    for kind in ("is_public", "for_mobile"):
        key = make_key(cast, client_id=kind, secret_digest="", **{kind: True})
        with pytest.raises(ValidationError):
            change_key(actor=cast.actor(cast.root_admin), key=key, fields={"is_trusted": True})
    with pytest.raises(IntegrityError):
        DeveloperKey.objects.update(is_trusted=True)


# --- Who, and the list ---


def test_only_administrators_of_the_root_account_get_there(cast: Cast, keys: str, signed_in):
    key = make_key(cast)
    for person in PEOPLE:
        browser = signed_in(getattr(cast, person, None))
        host = "southfield.localhost" if person == "stranger" else "testserver"
        for url in (keys, f"{keys}/new", f"{keys}/{key.pk}"):
            found = browser.get(url, HTTP_HOST=host).status_code
            out = person in ("deactivated_admin", "anonymous")
            assert found == (200 if person == "root_admin" else 302 if out else 404), (person, url)


def test_an_administrator_who_does_not_hold_it_is_refused(cast: Cast, keys: str, signed_in):
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Clerk", "read_roster"))
    key, actor = make_key(cast), cast.actor(cast.ta)
    browser = signed_in(cast.ta)
    assert browser.get(keys).status_code == 403
    assert "developer_keys" not in text(browser.get(f"/accounts/{cast.root.pk}"))
    given: Fields = {"name": "X", "redirect_uris": [BACK]}
    for refused in (
        lambda: create_key(actor=actor, kind=Kind.SERVER, fields=given),
        lambda: change_key(actor=actor, key=key, fields=given),
        lambda: switch_key(actor=actor, key=key, on=False),
        lambda: renew_secret(actor=actor, key=key),
        lambda: delete_key(actor=actor, key=key),
    ):
        with pytest.raises(Denied):
            refused()


def test_a_key_of_another_tenant_is_none(cast: Cast, admin: Client, keys: str):
    theirs = make_key(cast, root_account=cast.stranger.root_account, name="Theirs")
    assert "Theirs" not in text(admin.get(keys))
    for way in ("", "/secret", "/switch", "/delete"):
        assert admin.post(f"{keys}/{theirs.pk}{way}", GIVEN).status_code == 404


def test_the_account_leads_to_its_keys(cast: Cast, admin: Client, keys: str, signed_in):
    link = f'href="{keys}"'
    assert link in text(admin.get(f"/accounts/{cast.root.pk}"))
    high = f"/accounts/{cast.accounts.high.pk}"
    assert "developer_keys" not in text(admin.get(high))
    assert "developer_keys" not in text(signed_in(cast.sub_admin).get(high))


def test_the_list_is_searched_sorted_and_costs_no_more_for_many(
    cast: Cast, admin: Client, keys: str, tokens
):
    tokens()
    tokens()
    tokens(cast.student)
    numbers = []
    for number in range(3):
        make_key(cast, client_id=f"app-{number}", name=f"Quiz {number}")
        with CaptureQueriesContext(connection) as seen:
            page = text(admin.get(keys))
        numbers.append(len(seen))
    assert numbers[1] == numbers[2]
    assert re.search(r'data-label="People"[^>]*>2<', page)
    found = text(admin.get(f"{keys}?q=quiz"))
    assert "Quiz 2" in found
    assert "Reading App" not in found
    assert "Reading App" in text(admin.get(f"{keys}?q={CLIENT}"))
    assert "fits this search" in text(admin.get(f"{keys}?q=nothing"))
    by_people = text(admin.get(f"{keys}?sort=-people"))
    assert by_people.index("Reading App") < by_people.index("Quiz 0")
    by_name = text(admin.get(f"{keys}?sort=-name"))
    assert by_name.index("Quiz 2") > by_name.index("Reading App")
