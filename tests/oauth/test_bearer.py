"""Access tokens of integrations, and scopes of either kind of token (contract §1.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccessToken, User
from oauth.models import DeveloperKey, Integration, OAuthToken
from pairing_service.http.scopes import (
    allows,
    are_within,
    scope_of,
    served_scopes,
    unknown_scopes,
)
from tests.cast import Cast
from tests.oauth.conftest import CHALLENGE, KNOWN, ME, bearer, post

CHALLENGED = 'Bearer realm="canvas-lms"'
SELF = "url:GET|/api/v1/users/:id"


def _message(text: str, **more: str) -> str:
    answer = bearer(text).get(ME, **more)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, CHALLENGED)
    return str(answer.json()["errors"][0]["message"])


def test_a_token_lives_an_hour(tokens):
    text = tokens()["access_token"]
    until = OAuthToken.objects.get().expires_at
    assert abs(until - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)
    past = timezone.now().replace(microsecond=0) - timedelta(seconds=1)
    OAuthToken.objects.update(expires_at=past)
    answer = bearer(text).get(ME)
    assert answer.json() == {
        "errors": [
            {
                "message": "Expired access token.",
                "expired_at": past.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        ]
    }
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, CHALLENGED)


def test_whose_token_opens_nothing(cast: Cast, tokens):
    text = tokens()["access_token"]
    assert _message(text + "x") == "Invalid access token."
    assert _message(text, HTTP_HOST="southfield.localhost") == "Invalid access token."
    DeveloperKey.objects.update(state="inactive")
    assert _message(text) == "Invalid access token."
    DeveloperKey.objects.update(state="active")
    assert bearer(text).get(ME).status_code == 200
    for state in ("suspended", "deleted"):
        User.objects.filter(pk=cast.observer.pk).update(state=state)
        assert _message(text) == "Invalid access token."


def test_other_kinds_of_texts_are_no_tokens(code, tokens):
    body = tokens(challenge="")
    for text in (body["refresh_token"], code(), "po~", "ps~"):
        assert _message(text) == "Invalid access token."


def test_one_query_tells_whose_either_kind_of_token_is(cast: Cast, tokens):
    numbers = []
    for text in (tokens(cast.student)["access_token"], cast.token(cast.student)):
        client = bearer(text)
        client.get(ME)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(ME).status_code == 200
        assert sum("token" in query["sql"] for query in seen) == 1
        numbers.append(len(seen))
    assert numbers[0] == numbers[1]


def test_the_last_use_is_noted_once_in_ten_minutes(tokens):
    text = tokens()["access_token"]
    bearer(text).get(ME)
    noted = Integration.objects.get().last_used_at
    bearer(text).get(ME)
    assert Integration.objects.get().last_used_at == noted
    Integration.objects.update(last_used_at=noted - timedelta(minutes=11))
    bearer(text).get(ME)
    assert Integration.objects.get().last_used_at >= noted


def test_acting_as_somebody_by_parameter(cast: Cast, tokens):
    admin, joy = tokens(cast.root_admin), tokens()
    asked = {"as_user_id": cast.student.pk}
    assert bearer(admin["access_token"]).get(ME, asked).json()["id"] == cast.student.pk
    refused = bearer(joy["access_token"]).get(ME, asked)
    assert (refused.status_code, refused.json()) == (401, {"errors": "Invalid as_user_id"})


# --- Scopes ---


def _insufficient(answer) -> bool:
    body = {"errors": [{"message": "Insufficient scopes on access token."}]}
    assert (answer.status_code == 401) == (answer.json() == body)
    if answer.status_code == 401:
        assert "WWW-Authenticate" not in answer
    return answer.status_code == 401


def test_scopes_hold_for_every_request(cast: Cast, tokens):
    client = bearer(tokens(cast.student, scopes=[SELF])["access_token"])
    assert client.get(ME).status_code == client.head(ME).status_code == 200
    assert _insufficient(client.get(f"{ME}/enrollments"))
    assert _insufficient(client.post(f"{ME}/observer_pairing_codes"))
    assert _insufficient(client.get("/api/v1/accounts/self/terms_of_service"))
    assert _insufficient(client.get(f"{ME}/enrollments", {"as_user_id": "1"}))


def test_a_key_that_is_narrowed_narrows_what_was_approved(cast: Cast, tokens):
    text = tokens(cast.student)["access_token"]
    assert bearer(text).get(f"{ME}/enrollments").status_code == 200
    DeveloperKey.objects.update(scopes=SELF)
    assert bearer(text).get(ME).status_code == 200
    assert _insufficient(bearer(text).get(f"{ME}/enrollments"))


def test_scopes_of_a_refreshed_token_are_the_same(tokens):
    body = tokens(scopes=[SELF])
    given = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    text = post(KNOWN | given).json()["access_token"]
    assert _insufficient(bearer(text).get(f"{ME}/enrollments"))


def test_scopes_of_a_personal_token(cast: Cast):
    text = cast.token(cast.student)
    AccessToken.objects.update(scopes=[SELF])
    assert bearer(text).get(ME).status_code == 200
    assert _insufficient(bearer(text).get(f"{ME}/enrollments"))


@pytest.mark.parametrize(
    ("scope", "method", "opens"),
    [
        ("url:GET|/api/v1/users/:id", "GET", True),
        ("url:GET|/api/v1/users/:user_id", "HEAD", True),
        ("url:GET|/api/v1/users/:id", "DELETE", False),
        ("url:GET|/api/v1/users", "GET", False),
        ("url:GET|/api/v1/users/:id/", "GET", False),
        ("url:GET|/api/v1/users/1", "GET", False),
        ("nonsense", "GET", False),
    ],
)
def test_which_scope_opens_which_route(scope: str, method: str, opens: bool):
    assert allows([scope], method, "api/v1/users/<str:user_id>") is opens


def test_which_scopes_there_are(cast: Cast):
    assert allows([], "DELETE", "api/v1/anything")
    assert scope_of("GET", "api/v1/users/<str:user_id>") in served_scopes()
    assert "url:POST|/api/v1/users/:user_id/observees" in served_scopes()
    assert unknown_scopes([SELF, "url:POST|/api/v1/users/:any/observees"]) == []
    wrong = ["x", "url:GET|/api/v1/planner", "url:HEAD|/api/v1/users/:id", "url:GET|/profile"]
    assert unknown_scopes(wrong) == wrong
    assert are_within([SELF], ["url:GET|/api/v1/users/:user_id", "x"])
    assert not are_within([SELF], ["url:PUT|/api/v1/users/:id"])


# --- At rest ---


def test_no_text_that_opens_something_is_in_the_database(code, tokens, tmp_path):
    body = tokens(challenge="")
    texts = [body["access_token"], body["refresh_token"], code(challenge=CHALLENGE)]
    file = tmp_path / "all.json"
    call_command("dumpdata", output=str(file))
    kept = file.read_text()
    assert "oauth.oauthtoken" in kept
    for text in [*texts, KNOWN["client_secret"]]:
        assert text not in kept
        assert text.split("~", 1)[1] not in kept or text == KNOWN["client_secret"]
    assert connection.vendor in ("sqlite", "postgresql")
