"""Applications that ask people of Northfield, and what they do to get tokens."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from accounts.tokens import digest_of
from oauth.actions.granting import Approval, approve
from oauth.models import DeveloperKey
from tests.cast import Cast
from tests.described import DescribedClient

CLIENT, SECRET, BACK = "reading-app", "pk~secret", "https://reading.example/back"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
TOKEN = "/login/oauth2/token"
ME = "/api/v1/users/self"
KNOWN = {"client_id": CLIENT, "client_secret": SECRET}


def make_key(cast: Cast, **more: Any) -> DeveloperKey:
    fields = {
        "root_account": cast.root, "name": "Reading App", "client_id": CLIENT,
        "redirect_uris": BACK, "secret_digest": digest_of(SECRET),
    }  # fmt: skip
    return DeveloperKey.objects.create(**(fields | more))


@pytest.fixture
def key(cast: Cast) -> DeveloperKey:
    return make_key(cast)


@pytest.fixture
def code(cast: Cast, key: DeveloperKey) -> Callable[..., str]:
    """A code that somebody (Joy) has approved: `code(user, scopes=…, challenge=…)`."""

    def approved(user: User | None = None, **more: Any) -> str:
        more = {"key": key, "redirect_uri": BACK} | more
        return approve(actor=cast.actor(user or cast.observer), approval=Approval(**more))

    return approved


def post(given: dict[str, Any], **more: Any) -> Any:
    return DescribedClient().post(TOKEN, given, **more)


@pytest.fixture
def tokens(code: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """The answer to somebody's (Joy's) code."""

    def exchanged(user: User | None = None, **more: Any) -> dict[str, Any]:
        answer = post(KNOWN | {"code": code(user, **more)})
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body

    return exchanged


def bearer(text: str) -> DescribedClient:
    client = DescribedClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client
