"""admins.csv: who administers which account, in which role."""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import Account, User
from pairing_service.statements import among
from permissions.administrators import lock_administrators
from permissions.catalogue import BaseRole
from permissions.models import AccountMembership, Role
from sis import looking_up
from sis.batches import Batch, Kind, RowRefused, TryLater
from sis.limits import may_give_role
from sis.report import Place
from sis.store import Store, count
from sis.values import given, status

NOUN = "an admin"
ACTIVE, DELETED = AccountMembership.State.ACTIVE, AccountMembership.State.DELETED
_STATES = {"active": ACTIVE, "deleted": DELETED}

# Account, user, role.
Key = tuple[int, int, int]


class AdminRow(NamedTuple):
    place: Place
    user_id: str
    account_id: str
    status: str
    role: str | None
    role_id: str | None


class Values(NamedTuple):
    state: str


class _Admins:
    def __init__(self, batch: Batch[AdminRow]) -> None:
        self._batch = batch
        self._people = looking_up.people(batch.root, {row.user_id for row in batch.rows})
        self._accounts = looking_up.accounts(batch.root, {row.account_id for row in batch.rows})
        self._roles = looking_up.Roles(batch.root)
        self._administrators: set[int] | None = None
        self.store: Store[Key, Values] = Store(
            AccountMembership,
            Values,
            keys=("account_id", "user_id", "role_id"),
            constants=batch.stamps,
        )
        users = {person.pk for person in self._people.values()}
        self.store.read(
            AccountMembership.objects.filter(among("user", users), root_account=batch.root)
        )

    def take(self, row: AdminRow) -> None:
        state = status(row.status, _STATES, NOUN)
        user_id = given(row.user_id, "user_id", NOUN)
        user = self._people.get(user_id)
        account = self._accounts.get(row.account_id)
        if user is None:
            raise RowRefused(f"There is no user {user_id}")
        if account is None:
            raise RowRefused(f"There is no account {row.account_id}")
        role = self._roles.find(row.role, row.role_id, account.path)
        if not role.is_account_role:
            raise RowRefused(f"The role “{role.label}” is one of courses, not of accounts")
        key = account.pk, user.pk, role.pk
        old = self.store.get(key)
        if state == ACTIVE:
            if user.state == User.State.DELETED:
                raise RowRefused(f"User {user_id} is deleted")
            if account.state == Account.State.DELETED:
                raise RowRefused(f"Account {row.account_id} is deleted")
        elif old is None:
            return
        if old is not None and old.state == state:
            return
        if not may_give_role(self._batch.actor, role.pk, account.path):
            raise RowRefused(f"Whoever imports may not give or take the role “{role.label}” here")
        if state == DELETED:
            self._keep_an_administrator(account, role, user.pk)
        self.store.put(key, Values(state))

    def _keep_an_administrator(self, account: Account, role: Role, user_id: int) -> None:
        """Removing the last AccountAdmin of the root account is refused."""
        if account.pk != self._batch.root.pk or role.base_role != BaseRole.ACCOUNT_ADMIN:
            return
        if self._administrators is None:
            self._administrators = lock_administrators(self._batch.root)
        if self._administrators == {user_id}:
            raise TryLater("The last administrator of the root account must stay")
        self._administrators.discard(user_id)

    def write(self) -> None:
        self._batch.outcome.changes += count(self.store.write())


def _put(batch: Batch[AdminRow]) -> None:
    admins = _Admins(batch)
    batch.each(admins.take)
    admins.write()


KIND = Kind(
    name="admins",
    row=AdminRow,
    required=("user_id", "account_id", "status"),
    one_of=(("role", "role_id"),),
    put=_put,
    not_taken=("root_account",),
)
