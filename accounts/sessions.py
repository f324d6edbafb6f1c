"""Where sessions are kept: rows that say whose they are, under a digest of the browser's key.

Who reads the database or a copy of it can sign in with none of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from accounts.credentials import USE_NOTED_EVERY
from accounts.models import Session
from accounts.tokens import digest_of
from pairing_service.statements import first, row_of

# Where a session keeps what is known of its browser (accounts.devices).
DEVICE = "device"
# How long one lives that nobody uses, unless the person asked to be kept signed in; and at most.
UNUSED = timedelta(hours=12)
AT_MOST = timedelta(days=30)

# By hand: every page asks, and every sign-in; the ORM takes four times as long.
_UNEXPIRED = "WHERE session_key = %(key)s AND expire_date > %(now)s"
_TAKEN = "SELECT 1 FROM accounts_session WHERE session_key = %(key)s"


def _end_of(held: dict[str, Any], now: datetime) -> datetime:
    """When a session with this in it ends if nobody uses it any more."""
    ends_with_browser = held.get("_session_expiry") == 0
    unused = UNUSED if ends_with_browser else timedelta(seconds=settings.SESSION_COOKIE_AGE)
    since = held.get(DEVICE, {}).get("since")
    return min(now + unused, (datetime.fromisoformat(since) if since else now) + AT_MOST)


class SessionStore(db.SessionStore):
    """Django's, with the digest in place of the key, the user, and when it was last used."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        now = timezone.now()
        key = digest_of(self.session_key or "")
        row = row_of(Session, _UNEXPIRED, key=key, now=now)
        if row is None:
            self._session_key = None
        elif row.user_id and row.seen_at < now - USE_NOTED_EVERY:
            ends = _end_of(row.get_decoded(), now)
            Session.objects.filter(pk=key).update(seen_at=now, expire_date=ends)
        return row

    def exists(self, session_key: str) -> bool:
        return first(_TAKEN, key=digest_of(session_key)) is not None

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        row.session_key = digest_of(row.session_key)
        row.user_id = data.get(SESSION_KEY)
        row.seen_at = timezone.now()
        row.expire_date = _end_of(data, row.seen_at)
        return row

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            Session.objects.filter(session_key=digest_of(key)).delete()
