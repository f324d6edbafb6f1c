"""The last change that a person has made on the permissions pages: their session keeps it."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from accounts.models import Account
from permissions.actions import RowChange
from permissions.inheritance import Row

Session = MutableMapping[str, Any]
_NAME = "last_permission_change"


@dataclass(frozen=True)
class LastChange:
    """`sentence` tells what is so since then; `changed` is what `update_overrides` told."""

    account_id: int
    role_id: int
    key: str
    sentence: str
    changed: dict[str, RowChange]

    def keep(self, session: Session) -> None:
        """Nothing is kept of what has changed nothing."""
        if self.changed:
            rows = {key: [_flags(row) for row in change] for key, change in self.changed.items()}
            session[_NAME] = [self.account_id, self.role_id, self.key, self.sentence, rows]

    @classmethod
    def kept_in(cls, session: Session, account: Account) -> LastChange | None:
        """The last change, if it was in this account."""
        kept = session.get(_NAME)
        if kept is None or kept[0] != account.pk:
            return None
        _, role_id, key, sentence, rows = kept
        changed = {one: RowChange(*map(_row, pair)) for one, pair in rows.items()}
        return cls(account.pk, role_id, key, sentence, changed)

    @staticmethod
    def drop(session: Session) -> None:
        session.pop(_NAME, None)


def _flags(row: Row | None) -> list[bool] | None:
    if row is None:
        return None
    return [row.enabled, row.locked, row.applies_to_self, row.applies_to_descendants]


def _row(flags: list[bool] | None) -> Row | None:
    return None if flags is None else Row(*flags)
