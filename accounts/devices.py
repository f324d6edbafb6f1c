"""Where a person is signed in: the browsers whose sessions still open something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.hosts import address_of
from accounts.models import Session, User
from accounts.sessions import DEVICE
from accounts.tokens import digest_of

_MOST = 50
_SWEPT = 100
# What a browser calls itself, the telling word first: nearly all also say Chrome, Safari, Linux.
_BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox",
    "FxiOS": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "CrOS": "ChromeOS",
    "Windows": "Windows", "Mac OS X": "macOS", "Linux": "Linux",
}  # fmt: skip


@dataclass(frozen=True)
class Device:
    """A browser in which somebody is signed in; `id` names its session and opens nothing."""

    id: str
    agent: str
    address: str | None
    since: datetime | None
    seen_at: datetime
    is_this: bool

    @property
    def name(self) -> str:
        """Firefox on Windows; less when it does not say."""
        browser, system = _word(_BROWSERS, self.agent), _word(_SYSTEMS, self.agent)
        if browser and system:
            return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
        return browser or system or _("A browser that doesn't say what it is")


def _word(words: dict[str, str], agent: str) -> str:
    return next((name for word, name in words.items() if word in agent), "")


def devices_of(person: User, *, this: str | None = None) -> list[Device]:
    """Where the person is signed in: one statement. `this` is the key of the asker's own session.

    A session that a change of password or signing out everywhere has ended is none.
    """
    good = {person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()}
    here = digest_of(this) if this else None
    rows = Session.objects.filter(user=person, expire_date__gt=timezone.now()).order_by("-seen_at")
    read = [(row, row.get_decoded()) for row in rows[:_MOST]]
    found = [_device(row, kept, here) for row, kept in read if kept.get(HASH_SESSION_KEY) in good]
    return sorted(found, key=lambda device: not device.is_this)


def _device(row: Session, kept: dict[str, Any], here: str | None) -> Device:
    known = kept.get(DEVICE, {})
    since = known.get("since")
    return Device(
        id=row.session_key,
        agent=known.get("agent", ""),
        address=known.get("address"),
        since=datetime.fromisoformat(since) if since else None,
        seen_at=row.seen_at,
        is_this=row.session_key == here,
    )


def _note_device(request: HttpRequest, **_more: Any) -> None:
    """Keep in the new session what its owner will know it by, and throw some old ones away."""
    over = Session.objects.filter(expire_date__lt=timezone.now()).values_list("pk", flat=True)
    Session.objects.filter(pk__in=list(over[:_SWEPT])).delete()
    request.session[DEVICE] = {
        "agent": request.headers.get("User-Agent", "")[:300],
        "address": address_of(request),
        "since": timezone.now().isoformat(),
    }


user_logged_in.connect(_note_device, dispatch_uid="accounts.devices")
