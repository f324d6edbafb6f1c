"""accounts.csv: the tree of schools and departments below the root account."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Max
from django.db.models.functions import Length

from accounts.actions import WouldCircle, move, place_all
from accounts.models import Account
from courses.models import Course
from pairing_service.statements import among
from permissions.table import bump
from sis import looking_up
from sis.batches import Batch, Kind, RowRefused, TryLater
from sis.limits import NOT_TO_MOVE, may_move
from sis.report import Place
from sis.store import Store, count
from sis.values import given, named, optional, status

NOUN = "an account"
ACTIVE, DELETED = Account.State.ACTIVE, Account.State.DELETED
_STATES = {"active": ACTIVE, "deleted": DELETED}
_LONGEST_PATH = 255
_LONGEST_ID = len("9223372036854775807/")


class AccountRow(NamedTuple):
    place: Place
    account_id: str
    parent_account_id: str
    name: str
    status: str
    integration_id: str | None


class Values(NamedTuple):
    name: str
    integration_id: str | None
    state: str


class _Accounts:
    """New accounts hang below accounts that were there before; the rest waits for its parents."""

    def __init__(self, batch: Batch[AccountRow]) -> None:
        self._batch = batch
        ids = {row.account_id for row in batch.rows}
        parents = {row.parent_account_id for row in batch.rows}
        self._there = looking_up.accounts(batch.root, ids | parents)
        self._occupied = _occupied(batch.root, ids)
        self._moved: set[str] = set()
        self.store: Store[str, Values] = Store(
            Account,
            Values,
            keys=("sis_id",),
            fixed=("parent_id",),
            constants=batch.stamps | {"time_zone": batch.root.time_zone},
        )
        self.store.read(Account.objects.filter(among("sis_id", ids), root_account=batch.root))

    def take(self, row: AccountRow) -> None:
        key = given(row.account_id, "account_id", NOUN)
        state = status(row.status, _STATES, NOUN)
        old = self.store.get(key)
        if key == self._batch.root.sis_id:
            raise RowRefused("The root account can't be changed by an import")
        if state == DELETED:
            if old is not None and old.state != DELETED:
                self._delete(key, old)
            return
        parent = self._parent(row)
        integration_id = optional(row.integration_id, old.integration_id if old else None)
        values = Values(given(named(row.name), "name", NOUN), integration_id, state)
        if key in self._there:
            self._move(key, parent)
            self._there[key].state = state
        elif len(parent.path) + _LONGEST_ID > _LONGEST_PATH:
            raise RowRefused("The account would be too deep in the tree")
        self._occupied.add(parent.pk)
        self.store.put(key, values, (parent.pk,))

    def _delete(self, key: str, old: Values) -> None:
        account = self._there.get(key)  # none for one of this batch, below which nothing is yet
        if account is not None:
            if account.pk in self._occupied:
                raise TryLater(f"Account {key} still has courses or accounts below it")
            account.state = DELETED
        self.store.put(key, old._replace(state=DELETED))

    def _parent(self, row: AccountRow) -> Account:
        parent = self._there.get(row.parent_account_id)
        if parent is None:
            raise TryLater(f"There is no account {row.parent_account_id} to be the parent")
        if parent.state == DELETED:
            raise TryLater(f"The parent account {row.parent_account_id} is deleted")
        return parent

    def _move(self, key: str, parent: Account) -> None:
        account = self._there[key]
        if account.parent_id == parent.pk:
            return
        # An earlier row of this batch may have moved either of them.
        account.refresh_from_db(fields=["path", "parent"])
        parent.refresh_from_db(fields=["path"])
        assert account.parent is not None
        if not may_move(self._batch.actor, account.parent.path, parent.path):
            raise RowRefused(NOT_TO_MOVE)
        deepest = Account.objects.within(account).aggregate(most=Max(Length("path")))["most"]
        if deepest - len(account.path) + len(parent.path) + _LONGEST_ID > _LONGEST_PATH:
            raise RowRefused("The account would be too deep in the tree")
        try:
            move(self._batch.actor, account, parent)
        except WouldCircle:
            raise TryLater("An account can't hang below itself") from None
        self._moved.add(key)

    def write(self) -> None:
        changes = self.store.write()
        new = [change.key for change in changes if change.before is None]
        place_all(Account.objects.filter(among("sis_id", new), root_account=self._batch.root))
        self._batch.outcome.changes += count(changes)
        only_moved = self._moved - {change.key for change in changes}
        self._batch.outcome.changes["updated"] += len(only_moved)
        if changes or self._moved:
            bump(self._batch.root)


def _occupied(root: Account, ids: set[str]) -> set[int]:
    """Which of these accounts have courses or accounts in them that have not been deleted."""
    here = Account.objects.filter(among("sis_id", ids), root_account=root)
    below = Account.objects.live().filter(parent__in=here).values_list("parent_id", flat=True)
    courses = (
        Course.objects.existing().filter(account__in=here).values_list("account_id", flat=True)
    )
    return {pk for pk in below if pk is not None} | set(courses)


def _put(batch: Batch[AccountRow]) -> None:
    accounts = _Accounts(batch)
    batch.each(accounts.take)
    accounts.write()


KIND = Kind(
    name="accounts",
    row=AccountRow,
    required=("account_id", "parent_account_id", "name", "status"),
    put=_put,
)
