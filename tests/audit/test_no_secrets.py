"""No event holds a code, a token or a password (spec/pairing.md "Events")."""

from __future__ import annotations

import contextlib

from accounts.tokens import create_token
from audit.models import Event
from pairing.actions import CodeRefused, redeem_code
from tests.cast import PASSWORD, Cast


def test_no_event_holds_a_secret(cast: Cast) -> None:
    code = cast.code().text
    with contextlib.suppress(CodeRefused):
        redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text="ZZZZZ-ZZZZZ")
    redeem_code(actor=cast.actor(cast.observer), observer=cast.observer, text=code)
    _, token = create_token(actor=cast.actor(cast.student), user=cast.student, purpose="Notes")
    told = str(list(Event.objects.values_list()))
    assert "Notes" in told
    for secret in (code, code.replace("-", ""), "ZZZZZ", token, token.partition("~")[2], PASSWORD):
        assert secret
        assert secret not in told
