"""QR sign-in (spec "QR codes are not pairing codes", contract §9.7)."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.actions import choose_password, update_account
from accounts.actions.sessions import end_sessions
from accounts.models import User
from audit.models import Event
from oauth import qr
from oauth.actions.qr import make_qr_sign_in
from oauth.digests import mobile_secret
from oauth.models import DeveloperKey, Integration, QrSignIn
from permissions.policy import Denied
from tests.cast import PASSWORD, Cast
from tests.oauth.conftest import KNOWN, ME, bearer, make_key, post

PAGE, THERE = "/profile/qr_mobile_login", "/canvas/login"


@pytest.fixture
def apps(cast: Cast) -> dict[str, str]:
    """What the mobile apps know of themselves."""
    key = make_key(cast, client_id="apps", secret_digest="", for_mobile=True, name="Apps")
    return {"client_id": "apps", "client_secret": mobile_secret(key)}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the page has drawn; a browser test reads the drawing itself."""
    seen: list[str] = []
    draw = qr.drawing
    monkeypatch.setattr("oauth.views.qr.drawing", lambda text: seen.append(text) or draw(text))
    return seen


def make(cast: Cast, user: User | None = None) -> str:
    return make_qr_sign_in(actor=cast.actor(user or cast.student))


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def signed_in_as(browser: Client) -> int | None:
    found = browser.session.get("_auth_user_id")
    return int(found) if found else None


# --- The page ---


def test_looking_draws_nothing_and_asking_does(cast: Cast, signed_in, drawn):
    browser = signed_in(cast.student)
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert "This is not a pairing code" in text(page)
    assert not QrSignIn.objects.exists()
    page = browser.post(PAGE)
    assert "no-store" in page["Cache-Control"]
    assert "<svg" in text(page)
    assert "style=" not in text(page)
    assert 'data-countdown="600"' in text(page)
    [address] = drawn
    assert address.partition("?")[0] == "http://testserver/canvas/login"
    asked = parse_qs(urlsplit(address).query)
    assert asked.pop("domain") == ["testserver"]
    assert asked.keys() == {
        "code", "code_android", "code_ios_teacher", "code_android_teacher", "code_ios_parent",
        "code_android_parent",
    }  # fmt: skip
    [code] = asked["code"]
    assert code.startswith("pq~")
    made = QrSignIn.objects.get()
    assert made.expires_at - made.created_at < timedelta(minutes=10, seconds=1)
    assert code not in repr(QrSignIn.objects.values())
    event = Event.objects.get(action="qr_sign_in_made")
    assert (event.actor, event.subject, event.data) == (cast.student, cast.student, {})


def test_another_address_may_stand_in_it(cast: Cast, signed_in, drawn, settings):
    settings.QR_SIGN_IN_BASE = "https://sso.example/"
    signed_in(cast.student).post(PAGE)
    assert drawn[0].startswith("https://sso.example/canvas/login?domain=testserver&code=pq~")


def test_settings_lead_to_it(cast: Cast, signed_in):
    assert PAGE in text(signed_in(cast.observer).get("/profile/settings"))


def test_not_while_acting(cast: Cast, signed_in):
    admin = signed_in(cast.root_admin)
    admin.post(f"/users/{cast.student.pk}/masquerade")
    assert PAGE not in text(admin.get("/profile/settings"))
    refused = admin.get(PAGE)
    assert [refused.status_code, admin.post(PAGE).status_code] == [403, 403]
    assert "This isn't possible while you act as someone." in text(refused)
    assert "Your role here" not in text(refused)
    with pytest.raises(Denied):
        make_qr_sign_in(actor=cast.actor(cast.root_admin, cast.student))
    assert not QrSignIn.objects.exists()


def test_signed_out_there_is_nothing_to_draw(cast: Cast):
    assert Client().post(PAGE).status_code == 302
    assert not QrSignIn.objects.exists()


def test_another_site_can_not_ask_for_one(cast: Cast, signed_in):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(cast.student).cookies
    assert strict.post(PAGE).status_code == 403


# --- A phone's camera ---


def test_the_camera_opens_a_question_and_an_answer_signs_in(cast: Cast):
    code, phone = make(cast), Client()
    page = phone.get(THERE, {"domain": "testserver", "code": code})
    assert "Sign in as Ada O. on this device?" in text(page)
    assert page["Referrer-Policy"] == "strict-origin"
    assert signed_in_as(phone) is None
    assert phone.post(THERE, {"code": code})["Location"] == "/"
    assert signed_in_as(phone) == cast.student.pk
    assert phone.session.get_expire_at_browser_close()
    assert phone.get("/profile/settings").status_code == 200
    event = Event.objects.get(action="qr_sign_in_used")
    assert (event.actor, event.data) == (cast.student, {"by": "browser"})


def test_it_signs_in_once(cast: Cast):
    code = make(cast)
    Client().post(THERE, {"code": code})
    second = Client()
    for answer in (second.get(THERE, {"code": code}), second.post(THERE, {"code": code})):
        assert answer.status_code == 404
        assert "This QR code doesn't work" in text(answer)
    assert signed_in_as(second) is None
    assert Event.objects.filter(action="qr_sign_in_used").count() == 1


@pytest.mark.parametrize("code", ["", "pq~", "pq~" + "A" * 22, "x" * 5000, "pq~é"])
def test_what_is_no_code_signs_nobody_in(cast: Cast, code):
    browser = Client()
    assert browser.get(THERE, {"code": code}).status_code == 404
    assert browser.post(THERE, {"code": code}).status_code == 404
    assert signed_in_as(browser) is None


def test_whoever_is_signed_in_there_is_told_and_signed_out(cast: Cast, signed_in):
    browser = signed_in(cast.root_admin)
    browser.post(f"/users/{cast.observer.pk}/masquerade")
    code = make(cast)
    assert "is signed in here now" in text(browser.get(THERE, {"code": code}))
    browser.post(THERE, {"code": code})
    assert signed_in_as(browser) == cast.student.pk
    assert "acting_as" not in browser.session
    assert Event.objects.filter(action="acting_stopped").count() == 1


def test_another_site_can_not_sign_anybody_in(cast: Cast):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(THERE, {"code": make(cast)}).status_code == 403
    assert QrSignIn.objects.get().used_at is None


# --- An app ---


def test_an_app_exchanges_it_for_tokens(cast: Cast, apps):
    code = make(cast)
    answer = post(apps | {"grant_type": "authorization_code", "code": code})
    assert answer.json()["user"]["id"] == cast.student.pk
    assert bearer(answer.json()["access_token"]).get(ME).json()["id"] == cast.student.pk
    assert Integration.objects.get().key.name == "Apps"
    assert Event.objects.get(action="qr_sign_in_used").data == {"by": "Apps"}
    assert Client().get(THERE, {"code": code}).status_code == 404


def test_what_a_code_gave_ends_when_it_comes_again(cast: Cast, apps):
    code = make(cast)
    access = post(apps | {"code": code}).json()["access_token"]
    assert post(apps | {"code": code}).json()["message"] == "invalid code"
    assert bearer(access).get(ME).status_code == 401
    assert Event.objects.filter(action="code_sent_again").count() == 1


def test_only_the_key_of_the_apps_exchanges_it(cast: Cast, apps, key: DeveloperKey):
    code = make(cast)
    assert post(KNOWN | {"code": code}).json()["message"] == "invalid code"
    DeveloperKey.objects.filter(client_id="apps").update(state="inactive")
    assert post(apps | {"code": code}).status_code == 401
    assert not Integration.objects.exists()


def test_an_apps_own_code_is_none_for_a_browser(cast: Cast, code):
    assert Client().post(THERE, {"code": code()}).status_code == 404


def test_a_phone_is_signed_out_in_the_settings(cast: Cast, apps, signed_in):
    access = post(apps | {"code": make(cast)}).json()["access_token"]
    waiting = make(cast)
    key = DeveloperKey.objects.get()
    signed_in(cast.student).post(f"/profile/integrations/{key.pk}/end")
    assert bearer(access).get(ME).status_code == 401
    assert post(apps | {"code": waiting}).status_code == 400


# --- What ends it ---


def _works_nowhere(code: str, apps: dict[str, str]) -> None:
    phone = Client()
    assert phone.get(THERE, {"code": code}).status_code == 404
    assert phone.post(THERE, {"code": code}).status_code == 404
    assert signed_in_as(phone) is None
    assert post(apps | {"code": code}).status_code == 400
    assert not Integration.objects.exists()


def test_a_new_one_ends_the_old_one_and_nobody_elses(cast: Cast, apps):
    others, old, new = make(cast, cast.classmate), make(cast), make(cast)
    _works_nowhere(old, apps)
    for code in (others, new):
        assert Client().get(THERE, {"code": code}).status_code == 200


def test_after_ten_minutes_it_is_over(cast: Cast, apps):
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        code = make(cast)
        clock.shift(timedelta(minutes=9, seconds=59))
        assert Client().get(THERE, {"code": code}).status_code == 200
        clock.shift(timedelta(seconds=1))
        _works_nowhere(code, apps)


def test_the_switch_of_the_school_takes_it_all_away(cast: Cast, apps, signed_in):
    browser, code = signed_in(cast.student), make(cast)
    root, admin = cast.fresh(), cast.actor(cast.root_admin)
    update_account(actor=admin, account=root, fields={}, settings={"qr_sign_in": False})
    assert [browser.get(PAGE).status_code, browser.post(PAGE).status_code] == [404, 404]
    assert PAGE not in text(browser.get("/profile/settings"))
    _works_nowhere(code, apps)
    with pytest.raises(Denied):
        make(cast)
    # On again, what was made before stays ended.
    root, admin = cast.fresh(), cast.actor(cast.root_admin)
    update_account(actor=admin, account=root, fields={}, settings={"qr_sign_in": True})
    assert browser.get(PAGE).status_code == 200
    _works_nowhere(code, apps)


def test_off_holds_even_for_what_nobody_has_ended(cast: Cast, apps):
    code = make(cast)
    cast.set(qr_sign_in=False)
    _works_nowhere(code, apps)


def test_the_settings_page_and_rest_switch_it(cast: Cast, rest, signed_in):
    client = rest(cast.root_admin)
    there = f"/api/v1/accounts/{cast.root.pk}"
    client.put(there, {"account[settings][mobile_qr_login_is_enabled]": "0"})
    assert not cast.fresh().settings.qr_sign_in
    browser = signed_in(cast.root_admin)
    page = f"/accounts/{cast.root.pk}/settings"
    assert "with a QR code" in text(browser.get(page))
    given = {
        "name": "Northfield", "time_zone": "UTC", "self_registration": "observer", "lifetime": 7,
        "lifetime_unit": "days", "live_codes_per_student": 5, "qr_sign_in": "on",
    }  # fmt: skip
    assert browser.post(page, given).status_code == 302
    assert cast.fresh().settings.qr_sign_in


@pytest.mark.parametrize("how", ["password", "sessions", "suspended"])
def test_what_ends_sessions_ends_it_too(cast: Cast, apps, how):
    code, actor = make(cast), cast.actor(cast.student)
    if how == "password":
        choose_password(actor=actor, user=cast.student, password=f"another-{PASSWORD}")
    elif how == "sessions":
        end_sessions(actor=actor)
    else:
        User.objects.filter(pk=cast.student.pk).update(state=User.State.SUSPENDED)
    _works_nowhere(code, apps)


def test_a_school_knows_only_its_own(cast: Cast, apps):
    code = make(cast, cast.stranger)
    _works_nowhere(code, apps)
    phone = Client(HTTP_HOST="southfield.localhost")
    assert phone.get(THERE, {"code": code}).status_code == 200
    assert phone.get(THERE, {"code": make(cast)}).status_code == 404


def test_old_ones_are_forgotten(cast: Cast):
    make(cast)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        make(cast)
    assert QrSignIn.objects.count() == 1


def test_in_spanish(cast: Cast, signed_in):
    User.objects.filter(pk=cast.student.pk).update(locale="es")
    page = signed_in(cast.student).get(PAGE)
    assert "Esto no es un código de vinculación" in text(page)
    spanish = Client(headers={"accept-language": "es"})
    assert "¿Iniciar sesión como Ada O. en este dispositivo?" in text(
        spanish.get(THERE, {"code": make(cast)})
    )
