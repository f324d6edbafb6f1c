"""Who asks: the person, the real person behind them while acting, and the tenant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from accounts.models import Account, User


@dataclass(eq=False)
class Actor:
    """Made once per request or command, and handed to every rule and action.

    `person` is the one as whom things are done, `real` the one who does them; they differ while
    acting as someone. Both are None for a visitor and for the command line (`is_operator`).
    `memo` keeps what was found out about their rights, for as long as the actor lives.
    """

    root_account: Account
    person: User | None = None
    real: User | None = None
    address: str | None = None
    is_operator: bool = False
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def themself(cls, user: User, *, address: str | None = None) -> Actor:
        """The user acting for nobody else."""
        return cls(user.root_account, person=user, real=user, address=address)

    def acting_as(self, person: User) -> Actor:
        """The same real person doing things as `person`. What they hold needs no second look."""
        held = {key: found for key, found in self.memo.items() if key[0] == "grants"}
        return replace(self, person=person, memo=held)

    @property
    def is_acting(self) -> bool:
        return self.real is not None and self.person != self.real

    @property
    def is_able(self) -> bool:
        """Whether both people may do anything here at all: active, and of this tenant."""
        return all(
            user is not None and user.is_active and user.root_account_id == self.root_account.pk
            for user in {self.person, self.real}
        )
