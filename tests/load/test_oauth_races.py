"""Eight at once with one code, one key for the apps. On the database under test."""

from __future__ import annotations

import pytest

from accounts.tokens import digest_of
from oauth.actions.granting import Approval, approve, exchange
from oauth.models import DeveloperKey, Integration, OAuthToken
from tests.cast import Cast
from tests.load.test_races import ROUNDS, at_once

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]
THREADS = 8
BACK = "https://reading.example/back"


def test_of_8_who_exchange_one_code_exactly_one_wins_and_that_it_leaked_is_seen(cast: Cast) -> None:
    key = DeveloperKey.objects.create(
        root_account=cast.root, name="Reading App", client_id="reading-app",
        redirect_uris=BACK, secret_digest=digest_of("x"),
    )  # fmt: skip
    for number in range(ROUNDS):
        text = approve(actor=cast.actor(cast.observer), approval=Approval(key, BACK))
        visitor = cast.actor(None)
        results = at_once(
            [
                lambda: exchange(
                    actor=visitor, key=key, text=text, redirect_uri=BACK, verifier="",  # noqa: B023
                    replace=False,
                )
            ]
            * THREADS
        )  # fmt: skip
        assert results == {"Issued": 1, "CodeRefused": THREADS - 1}
        assert Integration.objects.count() == OAuthToken.objects.count() == number + 1
        assert not Integration.objects.active().exists()
