"""Personal access tokens: over REST (contract §9.5), and in User Settings."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AccessToken, User
from accounts.tokens import make_token
from audit.models import Event
from tests.cast import Cast, make_account_role, make_admin

SCOPE = "url:GET|/api/v1/users/:id"


def is_let_in(text: str) -> bool:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client.get("/api/v1/users/self").status_code == 200


def actions(cast: Cast) -> list[str]:
    return [one.action for one in Event.objects.filter(action__startswith="token").order_by("pk")]


# --- REST ---


def test_a_token_from_its_making_to_its_end(cast: Cast, rest: Any) -> None:
    client = rest(cast.student)
    ends = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {"token": {"purpose": "sync", "expires_at": ends, "scopes": [SCOPE]}}
    made = client.post("/api/v1/users/self/tokens", given, format="json").json()
    kept = AccessToken.objects.get(pk=made["id"])
    text = made.pop("visible_token")
    assert made == {
        "id": kept.pk,
        "created_at": kept.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "last_used_at": None,
        "expires_at": ends,
        "workflow_state": "active",
        "remember_access": False,
        "user_id": cast.student.pk,
        "real_user_id": None,
        "app_name": None,
        "token_hint": text[:8],
        "purpose": "sync",
        "can_manually_regenerate": True,
        "scopes": [SCOPE],
    }
    assert text not in str(vars(kept))

    here = f"/api/v1/users/self/tokens/{made['id']}"
    assert client.get(here).json()["visible_token"] == f"{text[:8]}..."
    assert client.get(f"/api/v1/users/self/tokens/{text[:8]}").json()["id"] == made["id"]
    changed = client.put(here, {"token[purpose]": "other", "token[expires_at]": ""}).json()
    assert (changed["purpose"], changed["expires_at"]) == ("other", None)
    assert changed["visible_token"] == f"{text[:8]}..."
    ended = client.delete(here).json()
    assert ended["workflow_state"] == "deleted"
    assert client.get(here).status_code == client.delete(here).status_code == 404
    assert actions(cast) == ["token_created", "token_changed", "token_deleted"]
    assert text not in str(list(Event.objects.values_list("data", flat=True)))


def test_a_renewed_token_ends_the_old_text(cast: Cast, rest: Any) -> None:
    client = rest(cast.student)
    made = client.post("/api/v1/users/self/tokens", {"token[purpose]": "sync"}).json()
    here = f"/api/v1/users/self/tokens/{made['id']}"
    renewed = client.put(here, {"token[regenerate]": "1"}).json()
    assert is_let_in(renewed["visible_token"])
    assert not is_let_in(made["visible_token"])


def test_what_is_made_for_another_waits_for_them(cast: Cast, rest: Any) -> None:
    admin, teacher = rest(cast.root_admin), rest(cast.teacher)
    tokens = f"/api/v1/users/{cast.teacher.pk}/tokens"
    made = admin.post(tokens, {"token[purpose]": "grades"}).json()
    here = f"{tokens}/{made['id']}"
    assert made["workflow_state"] == "pending"
    assert not is_let_in(made["visible_token"])
    assert admin.post(f"{here}/activate").status_code == 403
    assert not is_let_in(made["visible_token"])

    assert teacher.post(f"{here}/activate").json()["workflow_state"] == "active"
    assert is_let_in(made["visible_token"])
    again = teacher.post(f"{here}/activate")
    assert (again.status_code, again.json()["errors"][0]["message"]) == (
        400,
        "the token is not pending",
    )


def test_what_another_renews_waits_again(cast: Cast, rest: Any) -> None:
    tokens = f"/api/v1/users/{cast.teacher.pk}/tokens"
    made = rest(cast.teacher).post(tokens, {"token[purpose]": "grades"}).json()
    here = f"{tokens}/{made['id']}"
    renewed = rest(cast.root_admin).put(here, {"token[regenerate]": "true"}).json()
    assert renewed["workflow_state"] == "pending"
    assert not is_let_in(renewed["visible_token"])


def test_nobody_makes_one_while_acting(cast: Cast, rest: Any) -> None:
    as_student = {"token[purpose]": "x", "as_user_id": str(cast.student.pk)}
    response = rest(cast.root_admin).post("/api/v1/users/self/tokens", as_student)
    assert response.status_code == 403
    assert not AccessToken.objects.filter(purpose="x").exists()


def test_half_of_the_right_is_not_enough(cast: Cast, rest: Any) -> None:
    """It takes to manage logins and to act as; and nobody above oneself is reached."""
    role = make_account_role(cast, "Logins", "manage_user_logins", "read_roster")
    make_admin(cast, cast.observer, cast.root, role)
    client = rest(cast.observer)
    tokens = f"/api/v1/users/{cast.student.pk}/tokens"
    assert client.post(tokens, {"token[purpose]": "x"}).status_code == 403
    both = make_account_role(cast, "Both", "manage_user_logins", "become_user", "read_roster")
    make_admin(cast, cast.observer, cast.root, both)
    client = rest(cast.observer)
    assert client.post(tokens, {"token[purpose]": "x"}).status_code == 200
    above = f"/api/v1/users/{cast.root_admin.pk}/tokens"
    assert client.post(above, {"token[purpose]": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "token[purpose] is missing"),
        ({"purpose": ""}, "token[purpose] is missing"),
        ({"purpose": "x" * 256}, "must have 1 to 255 characters"),
        ({"purpose": "x", "expires_at": "soon"}, "must be a time like 2030-05-06T07:08:09Z"),
        (
            {"purpose": "x", "expires_at": "0001-01-01T00:00:00+23:00"},
            "must be in a year from 1001",
        ),
        ({"purpose": "x", "expires_at": "2020-01-01T00:00:00Z"}, "must be in the future"),
        ({"purpose": "x", "scopes": ["everything"]}, "must be like url:GET"),
        ({"purpose": ["x"]}, "token[purpose] must be a text"),
        ({"purpose": "x", "scopes": {"a": "b"}}, "token[scopes] must be a list"),
    ],
)
def test_what_is_wrong_is_told(cast: Cast, rest: Any, given: Any, message: str) -> None:
    response = rest(cast.student).post("/api/v1/users/self/tokens", {"token": given}, format="json")
    assert response.status_code == 400
    assert message in response.content.decode()
    assert not AccessToken.objects.exclude(purpose="tests").exists()


def test_a_list_of_many_costs_as_little(
    cast: Cast, rest: Any, django_assert_max_num_queries: Any
) -> None:
    client = rest(cast.student)
    for n in range(12):
        client.post("/api/v1/users/self/tokens", {"token[purpose]": f"p{n}"})
    client.delete(f"/api/v1/users/self/tokens/{AccessToken.objects.get(purpose='p3').pk}")
    with django_assert_max_num_queries(6):
        listed = client.get("/api/v1/users/self/user_generated_tokens?per_page=100").json()
    assert [one["purpose"] for one in listed] == [
        *(f"p{n}" for n in range(11, -1, -1) if n != 3),
        "tests",
    ]


def test_a_hint_of_two_tokens_names_neither(cast: Cast, rest: Any) -> None:
    client = rest(cast.student)
    made = [
        client.post("/api/v1/users/self/tokens", {"token[purpose]": "x"}).json() for _ in range(2)
    ]
    AccessToken.objects.filter(pk__in=[one["id"] for one in made]).update(hint="ps~alike")
    assert client.delete("/api/v1/users/self/tokens/ps~alike").status_code == 404


# --- User Settings ---


def test_on_the_page_it_is_shown_once(cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.student)
    tomorrow = timezone.localdate() + timedelta(days=1)
    given = {"purpose": "My <script>", "last_day": tomorrow.isoformat()}
    page = browser.post("/profile/tokens/new", given).content.decode()
    [text] = re.findall(r">(ps~[\w-]+)<", page)
    assert is_let_in(text)
    kept = AccessToken.objects.get(purpose="My <script>")
    assert timezone.localdate(kept.expires_at) == tomorrow
    assert timezone.localdate(kept.expires_at + timedelta(seconds=1)) > tomorrow
    page = browser.get("/profile/settings").content.decode()
    assert "My &lt;script&gt;" in page
    assert text not in page

    assert browser.post(f"/profile/tokens/{kept.pk}/end").status_code == 302
    assert not is_let_in(text)
    assert browser.post(f"/profile/tokens/{kept.pk}/end").status_code == 404
    assert (
        "My &lt;script&gt;"
        not in browser.get("/profile/settings").content.decode().split("tokens-title")[1]
    )


def test_a_day_gone_by_is_refused_and_what_was_typed_is_kept(cast: Cast, signed_in: Any) -> None:
    given = {"purpose": "Roster", "last_day": "2020-01-01"}
    response = signed_in(cast.student).post("/profile/tokens/new", given)
    assert response.status_code == 422
    assert 'value="Roster"' in response.content.decode()
    assert "Choose today or a later day." in response.content.decode()


def test_a_pending_one_is_let_work_on_the_page(cast: Cast, rest: Any, signed_in: Any) -> None:
    tokens = f"/api/v1/users/{cast.teacher.pk}/tokens"
    made = rest(cast.root_admin).post(tokens, {"token[purpose]": "grades"}).json()
    browser = signed_in(cast.teacher)
    assert "Made for you by an administrator" in browser.get("/profile/settings").content.decode()
    assert browser.post(f"/profile/tokens/{made['id']}/activate").status_code == 302
    assert is_let_in(made["visible_token"])


def test_tokens_of_others_are_not_there(cast: Cast, rest: Any, signed_in: Any) -> None:
    made = rest(cast.teacher).post("/api/v1/users/self/tokens", {"token[purpose]": "x"}).json()
    browser = signed_in(cast.root_admin)
    for step in ("end", "activate"):
        assert browser.post(f"/profile/tokens/{made['id']}/{step}").status_code == 404


def test_while_acting_there_are_no_tokens(cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.root_admin)
    browser.post(f"/users/{cast.student.pk}/masquerade")
    assert "Access tokens" not in browser.get("/profile/settings").content.decode()
    refused = browser.post("/profile/tokens/new", {"purpose": "x"})
    assert refused.status_code == 403
    assert "possible while you act as someone" in refused.content.decode()


def test_what_they_may_not_do_themselves_is_no_matter_of_acting(cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.root_admin)
    browser.post(f"/users/{cast.student.pk}/masquerade")
    refused = browser.get(f"/courses/{cast.courses.biology.pk}/settings")
    assert "Your role here does not include it." in refused.content.decode()
    assert "possible while you act as someone" not in refused.content.decode()


# --- Tokens that would open more than what made them ---

MINT = "url:POST|/api/v1/users/:user_id/tokens"
CHANGE = "url:PUT|/api/v1/users/:user_id/tokens/:id"
ACTIVATE = "url:POST|/api/v1/users/:user_id/tokens/:id/activate"


def limited(user: User, *scopes: str) -> APIClient:
    client = APIClient()
    _, text = make_token(user, "limited", scopes=list(scopes))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


@pytest.mark.parametrize(("scopes", "status"), [([], 401), ([MINT, SCOPE], 401), ([MINT], 200)])
def test_a_limited_token_makes_none_that_opens_more(
    cast: Cast, scopes: list[str], status: int
) -> None:
    given = {"token": {"purpose": "x", "scopes": scopes}}
    client = limited(cast.student, MINT)
    answer = client.post("/api/v1/users/self/tokens", given, format="json")
    assert answer.status_code == status
    assert AccessToken.objects.filter(purpose="x").exists() == (status == 200)


def test_a_limited_token_widens_none_and_renews_none_that_opens_more(cast: Cast) -> None:
    client = limited(cast.student, CHANGE)
    own = AccessToken.objects.get(purpose="limited")
    wide, text = make_token(cast.student, "wide")
    for token, given in (
        (own, {"scopes": []}),
        (own, {"scopes": [SCOPE]}),
        (wide, {"regenerate": 1}),
    ):
        path = f"/api/v1/users/self/tokens/{token.pk}"
        assert client.put(path, {"token": given}, format="json").status_code == 401
    own.refresh_from_db()
    assert own.scopes == [CHANGE]
    assert is_let_in(text)
    path = f"/api/v1/users/self/tokens/{own.pk}"
    assert client.put(path, {"token": {"purpose": "mine"}}, format="json").status_code == 200


def test_a_limited_token_activates_none_that_opens_more(cast: Cast) -> None:
    client = limited(cast.student, ACTIVATE)
    waiting, text = make_token(cast.student, "made by another", is_pending=True)
    path = f"/api/v1/users/self/tokens/{waiting.pk}/activate"
    assert client.post(path).status_code == 401
    assert not is_let_in(text)


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ({"scopes": []}, True),
        ({"scopes": [SCOPE, MINT]}, True),
        ({"scopes": [MINT]}, True),
        ({"expires_at": ""}, True),
        ({"expires_at": "2099-01-01T00:00:00Z"}, True),
        ({"purpose": "other", "scopes": [SCOPE]}, False),
    ],
)
def test_what_another_lets_open_more_waits_again(
    cast: Cast, rest: Any, changes: dict[str, Any], waits: bool
) -> None:
    """Whoever made it for them knows its text: they agreed to what it opened then."""
    until = timezone.now() + timedelta(days=1)
    token, text = make_token(cast.student, "agreed", scopes=[SCOPE], expires_at=until)
    path = f"/api/v1/users/{cast.student.pk}/tokens/{token.pk}"
    assert rest(cast.root_admin).put(path, {"token": changes}, format="json").status_code == 200
    assert is_let_in(text) is not waits
    token.refresh_from_db()
    assert token.is_pending is waits


def test_ones_own_is_widened_at_once(cast: Cast, rest: Any) -> None:
    token, text = make_token(cast.student, "mine", scopes=[MINT])
    path = f"/api/v1/users/self/tokens/{token.pk}"
    rest(cast.student).put(path, {"token": {"scopes": [SCOPE]}}, format="json")
    assert is_let_in(text)
