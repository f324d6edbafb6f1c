"""The token endpoint (contract §9.2, §9.3)."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import Event
from oauth.models import AuthorizationCode, DeveloperKey, Integration, OAuthToken
from tests.cast import Cast
from tests.oauth.conftest import (
    BACK,
    CHALLENGE,
    CLIENT,
    KNOWN,
    ME,
    SECRET,
    TOKEN,
    VERIFIER,
    bearer,
    make_key,
    post,
)

BAD_CODE = {
    "error": "invalid_grant", "error_description": "code not found", "message": "invalid code",
}  # fmt: skip
OFF = {
    "error": "invalid_scope", "error_description": "the developer key is not enabled here",
}  # fmt: skip


def test_a_code_against_tokens(cast: Cast, code):
    User.objects.filter(pk=cast.observer.pk).update(locale="es")
    given = {"grant_type": "authorization_code", "redirect_uri": BACK, "code": code()}
    answer = post(KNOWN | given)
    body = answer.json()
    access, refresh = body.pop("access_token"), body.pop("refresh_token")
    assert body == {
        "token_type": "Bearer", "expires_in": 3600, "canvas_region": "unknown",
        "user": {
            "id": cast.observer.pk, "name": "Joy Okafor", "global_id": str(cast.observer.pk),
            "effective_locale": "es",
        },
    }  # fmt: skip
    assert (access[:3], refresh[:3], answer["Cache-Control"]) == ("po~", "pr~", "no-store")
    assert bearer(access).get(ME).json()["id"] == cast.observer.pk
    assert APIClient().get(ME, {"access_token": access}).status_code == 200


def test_parameters_in_the_query_string_as_json_or_as_a_form(code):
    assert APIClient().post(f"{TOKEN}?{urlencode(KNOWN | {'code': code()})}").status_code == 200
    assert post(KNOWN | {"code": code()}, format="json").status_code == 200
    form = urlencode(KNOWN | {"code": code(), "grant_type": "", "frob": "1"})
    kind = "application/x-www-form-urlencoded"
    assert APIClient().post(TOKEN, form, content_type=kind).status_code == 200


def test_a_client_may_use_basic_authentication(code):
    made = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    answer = post({"code": code()}, HTTP_AUTHORIZATION=f"Basic {made}")
    assert answer.status_code == 200
    assert post({"code": code()}, HTTP_AUTHORIZATION="Basic %%%").status_code == 400


def test_an_old_token_in_the_header_is_no_matter(code):
    answer = post(KNOWN | {"code": code()}, HTTP_AUTHORIZATION="Bearer po~ended")
    assert answer.status_code == 200


@pytest.mark.parametrize("client_id", ["", "nobody", "null\0", "x" * 70, "ünknown"])
def test_an_unknown_client(key: DeveloperKey, client_id: str):
    answer = post(KNOWN | {"client_id": client_id, "code": "x"})
    if client_id != "null\0":
        assert answer.json() == {
            "error": "invalid_client", "error_description": "unknown client",
            "message": "invalid client_id",
        }  # fmt: skip
    assert answer.status_code == 400


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_wrong_secret_leaves_the_code_alone(code, secret: str):
    text = code()
    answer = post({"client_id": CLIENT, "client_secret": secret, "code": text})
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "error": "invalid_client", "error_description": "invalid client",
            "message": "invalid client_secret",
        },
    )  # fmt: skip
    assert post(KNOWN | {"code": text}).status_code == 200


def test_other_errors(key: DeveloperKey):
    assert post(KNOWN | {"code": "pc~nothing"}).json() == BAD_CODE
    assert post(KNOWN).json()["error"] == "invalid_request"
    answer = post(KNOWN | {"grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    answer = post(KNOWN | {"grant_type": "refresh_token", "refresh_token": "x"})
    assert (answer.status_code, answer.json()) == (
        400, {"error": "invalid_request", "error_description": "refresh_token not found"},
    )  # fmt: skip
    assert post(KNOWN | {"code": {"a": "b"}}, format="json").status_code == 400
    assert APIClient().post(TOKEN, "{", content_type="application/json").status_code == 400
    assert APIClient().get(TOKEN).status_code in (401, 405)


def test_a_key_of_another_tenant_is_unknown(cast: Cast, code):
    host = {"HTTP_HOST": "southfield.localhost"}
    assert post(KNOWN | {"code": code()}, **host).json()["message"] == "invalid client_id"


def test_a_code_of_another_tenant_is_unknown(cast: Cast, code):
    make_key(cast, root_account=cast.stranger.root_account, client_id="theirs")
    given = KNOWN | {"client_id": "theirs", "code": code()}
    assert post(given, HTTP_HOST="southfield.localhost").json() == BAD_CODE


@pytest.mark.parametrize("state", ["inactive", "deleted"])
def test_a_key_that_is_off_or_gone(code, key: DeveloperKey, state: str):
    text = code()
    DeveloperKey.objects.update(state=state)
    answer = post(KNOWN | {"code": text})
    if state == "inactive":
        assert (answer.status_code, answer.json()) == (401, OFF)
    else:
        assert answer.json()["message"] == "invalid client_id"


# --- A code opens once ---


def test_a_code_that_is_sent_again_ends_what_came_from_it(code):
    text = code()
    first = post(KNOWN | {"code": text}).json()
    assert post(KNOWN | {"code": text}).json() == BAD_CODE
    refused = bearer(first["access_token"]).get(ME)
    assert refused.json() == {"errors": [{"message": "Revoked access token."}]}
    assert refused["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'
    given = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert post(KNOWN | given).status_code == 400
    assert Event.objects.filter(action="code_sent_again").count() == 1


def test_a_code_lives_ten_minutes(code):
    text = code()
    AuthorizationCode.objects.update(expires_at=timezone.now())
    assert post(KNOWN | {"code": text}).json() == BAD_CODE
    early = timezone.now() + timedelta(minutes=10)
    text = code()
    assert abs(AuthorizationCode.objects.latest("pk").expires_at - early) < timedelta(minutes=1)


def _fails(text: str, description: str, **wrong: str) -> None:
    """The first try fails, and the right one afterwards, too."""
    answer = post(KNOWN | {"code": text} | wrong)
    assert (answer.status_code, answer.json()["error_description"]) == (400, description)
    right = {name: "" for name in wrong if name != "code_verifier"}
    again = post(KNOWN | {"code": text, "code_verifier": VERIFIER} | right)
    assert again.json() == BAD_CODE


def test_a_code_whose_exchange_failed_is_dead(cast: Cast, code):
    mismatch = "redirect_uri does not match client settings"
    _fails(code(), mismatch, redirect_uri="https://evil.example/")
    _fails(code(challenge=CHALLENGE), "incorrect code_verifier", code_verifier="w" * 43)
    _fails(code(challenge=CHALLENGE), "incorrect code_verifier", code_verifier="")
    _fails(code(), "incorrect code_verifier", code_verifier=VERIFIER)
    assert not Integration.objects.exists()


def test_a_code_of_another_client_is_dead(cast: Cast, code):
    make_key(cast, client_id="other")
    text = code()
    assert post(KNOWN | {"client_id": "other", "code": text}).json() == BAD_CODE
    assert post(KNOWN | {"code": text}).json() == BAD_CODE


def test_nobody_suspended_gets_a_token(cast: Cast, code, tokens):
    refresh = tokens()["refresh_token"]
    text = code()
    User.objects.filter(pk=cast.observer.pk).update(state="suspended")
    assert post(KNOWN | {"code": text}).json() == BAD_CODE
    given = {"grant_type": "refresh_token", "refresh_token": refresh}
    assert post(KNOWN | given).status_code == 400


# --- PKCE and public clients ---


def test_pkce(code):
    given = {"code": code(challenge=CHALLENGE), "code_verifier": VERIFIER}
    assert post(KNOWN | given).status_code == 200


def test_a_public_client_proves_itself_by_the_verifier_alone(cast: Cast, key, code):
    DeveloperKey.objects.update(is_public=True, secret_digest="")
    given = {"client_id": CLIENT, "code": code(challenge=CHALLENGE), "code_verifier": VERIFIER}
    body = post(given).json()
    given = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    assert post(given | {"client_id": CLIENT}).status_code == 200
    without = post({"client_id": CLIENT, "code": code()})
    assert without.json()["error_description"] == "incorrect code_verifier"
    assert post(KNOWN | {"code": code()}).json()["message"] == "invalid client_secret"


# --- Refreshing ---


def test_a_refresh_token_stays_good_and_older_tokens_too(tokens, cast: Cast):
    body = tokens()
    given = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    for _ in range(2):
        answer = post(KNOWN | given)
        assert answer.status_code == 200
        assert "refresh_token" not in answer.json()
        assert answer.json()["user"]["id"] == cast.observer.pk
        assert bearer(answer.json()["access_token"]).get(ME).status_code == 200
    assert bearer(body["access_token"]).get(ME).status_code == 200


def test_a_refresh_token_is_for_its_client_and_its_tenant_alone(cast: Cast, tokens):
    given = {"grant_type": "refresh_token", "refresh_token": tokens()["refresh_token"]}
    make_key(cast, client_id="other")
    assert post(KNOWN | given | {"client_id": "other"}).status_code == 400
    theirs = make_key(cast, root_account=cast.stranger.root_account, client_id="theirs")
    Integration.objects.update(key=theirs)
    host = {"HTTP_HOST": "southfield.localhost"}
    assert post(KNOWN | given | {"client_id": "theirs"}, **host).status_code == 400


def test_refreshing_forgets_what_expired_days_ago(tokens):
    body = tokens()
    OAuthToken.objects.update(expires_at=timezone.now() - timedelta(days=2))
    post(KNOWN | {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]})
    assert OAuthToken.objects.count() == 1


def test_replace_tokens_ends_those_before(cast: Cast, code, tokens):
    before, others = tokens(), tokens(cast.student)
    unused = code()
    now = post(KNOWN | {"code": code(), "replace_tokens": "1"}).json()
    assert bearer(before["access_token"]).get(ME).status_code == 401
    assert bearer(now["access_token"]).get(ME).status_code == 200
    assert bearer(others["access_token"]).get(ME).status_code == 200
    assert post(KNOWN | {"code": unused}).json() == BAD_CODE


# --- Ending (§9.3) ---


def test_ending_a_token(cast: Cast, tokens, signed_in):
    body, page = tokens(), signed_in(cast.observer)
    assert bearer(body["access_token"]).delete(TOKEN).json() == {}
    assert bearer(body["access_token"]).get(ME).status_code == 401
    assert page.get("/profile/settings").status_code == 200
    assert APIClient().delete(TOKEN).json()["status"] == "unauthenticated"
    event = Event.objects.get(action="integration_ended")
    assert (event.actor, event.data["name"]) == (cast.observer, "Reading App")


def test_ending_a_token_and_all_sessions(cast: Cast, tokens, signed_in):
    text, page = tokens()["access_token"], signed_in(cast.observer)
    others = signed_in(cast.student)
    url = f"{TOKEN}?{urlencode({'expire_sessions': 1, 'access_token': text})}"
    assert APIClient().delete(url).status_code == 200
    assert page.get("/profile/settings").status_code == 302
    assert others.get("/profile/settings").status_code == 200
    assert signed_in(User.objects.get(pk=cast.observer.pk)).get("/").status_code == 200
    assert Event.objects.filter(action="sessions_ended", actor=cast.observer).exists()


def test_ending_a_personal_token(cast: Cast):
    text = cast.token(cast.student)
    assert bearer(text).delete(TOKEN).status_code == 200
    assert bearer(text).get(ME).json()["errors"][0]["message"] == "Revoked access token."
