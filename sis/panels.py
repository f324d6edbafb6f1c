"""What the pages about imports show of one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sis.models import SisImport

State = SisImport.State
_KINDS = {
    State.CREATED: "",
    State.IMPORTING: "accent",
    State.IMPORTED: "good",
    State.IMPORTED_WITH_MESSAGES: "warning",
    State.FAILED_WITH_MESSAGES: "danger",
    State.ABORTED: "",
}


@dataclass(frozen=True)
class Shown:
    """An import with what is told about it in words."""

    is_of: SisImport

    @property
    def badge(self) -> str:
        return _KINDS[State(self.is_of.state)]

    @property
    def who(self) -> str:
        """As whom it was asked for, and by whom when that is another."""
        person, real = self.is_of.user, self.is_of.real_user
        if person is None or real is None:
            return _("command line")
        if person == real:
            return person.name
        return _("%(real)s, acting as %(person)s") % {"real": real.name, "person": person.name}

    @property
    def time_left(self) -> str:
        """How long it will still take, as it went so far; "" while nobody can tell."""
        one = self.is_of
        if one.started_at is None or not one.lines_done:
            return ""
        seconds = (timezone.now() - one.started_at).total_seconds()
        left = seconds * (one.lines - one.lines_done) / one.lines_done
        if left < 60:
            return _("less than a minute left")
        minutes = math.ceil(left / 60)
        if minutes < 90:
            words = ngettext(
                "about %(number)s minute left", "about %(number)s minutes left", minutes
            )
            return words % {"number": minutes}
        hours = round(minutes / 60)
        return ngettext("about %(number)s hour left", "about %(number)s hours left", hours) % {
            "number": hours
        }

    @property
    def rows(self) -> list[tuple[str, int, int, int]]:
        """Per kind of file that came: how many were added, changed, deleted."""
        changes = self.is_of.changes
        return [
            (kind, counts.get("created", 0), counts.get("updated", 0), counts.get("deleted", 0))
            for kind in self.is_of.kinds
            for counts in [changes.get(kind, {})]
        ]
