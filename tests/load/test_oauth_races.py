"""Eight at once with one code, one drawing. On the database under test."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from accounts.actions import update_account
from accounts.tokens import digest_of
from audit.models import Event
from oauth.actions.granting import Approval, approve, exchange, refresh
from oauth.actions.keys import switch_key
from oauth.actions.qr import exchange_qr, make_qr_sign_in, sign_in_by_qr
from oauth.models import DeveloperKey, Integration, OAuthToken, QrSignIn
from tests.cast import Cast
from tests.effort import OTHER_RACE_ROUNDS
from tests.load.test_races import at_once

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]
THREADS = 8
BACK = "https://reading.example/back"


def test_of_8_who_exchange_one_code_exactly_one_wins_and_that_it_leaked_is_seen(cast: Cast) -> None:
    key = DeveloperKey.objects.create(
        root_account=cast.root, name="Reading App", client_id="reading-app",
        redirect_uris=BACK, secret_digest=digest_of("x"),
    )  # fmt: skip
    for number in range(OTHER_RACE_ROUNDS):
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


def test_no_token_outlives_the_switch_that_ends_them(cast: Cast) -> None:
    key = DeveloperKey.objects.create(
        root_account=cast.root, name="Reading App", client_id="reading-app", redirect_uris=BACK,
        secret_digest=digest_of("x"),
    )  # fmt: skip
    visitor, admin, joy = cast.actor(None), cast.actor(cast.root_admin), cast.actor(cast.observer)

    def exchanging(text: str) -> Any:
        asked: dict[str, Any] = {"redirect_uri": BACK, "verifier": "", "replace": False}
        return partial(exchange, actor=visitor, key=key, text=text, **asked)

    approval = Approval(key, BACK)
    kept = exchanging(approve(actor=joy, approval=approval))().refresh_token
    for _ in range(OTHER_RACE_ROUNDS):
        switch_key(actor=admin, key=key, on=True)
        exchanges = [exchanging(approve(actor=joy, approval=approval)) for _ in range(3)]
        refreshes = [partial(refresh, actor=visitor, key=key, text=kept)] * 8
        off = partial(switch_key, actor=cast.actor(cast.root_admin), key=key, on=False)
        results = at_once([*exchanges, *refreshes, off])
        assert results.pop("DeveloperKey") == 1
        assert results.keys() <= {"Issued", "CodeRefused", "RefreshRefused"}
        assert not OAuthToken.objects.exists()


def test_of_8_who_scan_one_drawing_exactly_one_is_signed_in(cast: Cast) -> None:
    key = DeveloperKey.objects.create(
        root_account=cast.root, name="Apps", client_id="apps", for_mobile=True
    )
    for number in range(OTHER_RACE_ROUNDS):
        text = make_qr_sign_in(actor=cast.actor(cast.student))
        visitor = cast.actor(None)
        browsers = [partial(sign_in_by_qr, actor=visitor, text=text)] * (THREADS // 2)
        apps = [partial(exchange_qr, actor=visitor, key=key, text=text)] * (THREADS // 2)
        results = at_once(browsers + apps)
        assert results.pop("CodeRefused") == THREADS - 1
        assert results in ({"User": 1}, {"Issued": 1})
        assert Event.objects.filter(action="qr_sign_in_used").count() == number + 1
        # What an app got is over, too: the drawing was scanned by somebody else as well.
        assert not Integration.objects.active().exists()


def test_of_8_drawings_made_at_once_one_works(cast: Cast) -> None:
    for _ in range(OTHER_RACE_ROUNDS):
        actors = [cast.actor(cast.student) for _ in range(THREADS)]
        results = at_once([partial(make_qr_sign_in, actor=one) for one in actors])
        assert results == {"str": THREADS}
        assert QrSignIn.objects.filter(used_at=None).count() == 1


def test_a_drawing_never_outlives_the_switch_that_ends_it(cast: Cast) -> None:
    for _ in range(OTHER_RACE_ROUNDS):
        actors = [cast.actor(cast.student) for _ in range(THREADS - 1)]
        switched_off = partial(
            update_account,
            actor=cast.actor(cast.root_admin),
            account=cast.fresh(),
            fields={},
            settings={"qr_sign_in": False},
        )
        results = at_once([switched_off, *(partial(make_qr_sign_in, actor=one) for one in actors)])
        assert results["NoneType"] == 1
        assert results["str"] + results["Denied"] == THREADS - 1
        assert not QrSignIn.objects.filter(used_at=None).exists()
        cast.set(qr_sign_in=True)
