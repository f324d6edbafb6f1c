"""What a caller of the REST API came with, once it is known whose it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pairing_service.http.errors import Unauthenticated
from pairing_service.http.rendering import wire_time
from pairing_service.http.scopes import allows, open_no_more

# How old `last_used_at` may grow before a request writes it.
USE_NOTED_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Credential:
    """A good token: a personal one or one of an integration, by the id of either.

    `limits`: lists of scopes, each of which must allow what is asked for.
    """

    token_id: int | None = None
    integration_id: int | None = None
    limits: tuple[Collection[str], ...] = ()

    @property
    def is_limited(self) -> bool:
        return any(self.limits)

    def require_no_more(self, scopes: Collection[str]) -> None:
        """Raise Unauthenticated for scopes that open more than its own: whoever holds a token that
        is limited would else help themself to one that is not."""
        if not all(open_no_more(scopes, than) for than in self.limits):
            raise insufficient_scopes()

    def require_scope(self, method: str, route: str) -> None:
        """Raise Unauthenticated unless its scopes open the route (contract §1.3)."""
        if not all(allows(scopes, method, route) for scopes in self.limits):
            raise insufficient_scopes()


def bad_token(message: str = "Invalid access token.", **more: Any) -> Unauthenticated:
    """A token that is not good, in the words of the contract (§1.3)."""
    return Unauthenticated({"errors": [{"message": message} | more]})


def expired_token(expired_at: datetime | None) -> Unauthenticated:
    return bad_token("Expired access token.", expired_at=wire_time(expired_at))


def insufficient_scopes() -> Unauthenticated:
    body = {"errors": [{"message": "Insufficient scopes on access token."}]}
    return Unauthenticated(body, challenge=False)
