"""users.csv: the people. Who has no password here gets a first sign-in from the school's staff."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from secrets import token_hex
from typing import NamedTuple

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.actions import check_password, names
from accounts.actions.people import end_access, end_all_of, hold_all_of
from accounts.look_alikes import may_deceive
from accounts.models import Account, Login, SignOnProvider, User, login_key, name_key
from accounts.rules import no_password_of_their_own
from audit.actions import record_all
from pairing_service.statements import among
from permissions.actions.overrides import hold_rights
from permissions.administrators import lock_administrators
from sis.batches import Batch, Kind, RowRefused, TryLater
from sis.limits import may_give_ways_in, may_set_up_sign_in, out_of_reach
from sis.report import Place
from sis.store import Changed, Store, count
from sis.values import given, named, optional, status

NOUN = "a user"
State = User.State
_TAKEN = "The login is taken by somebody else"
_NOT_THEIRS = "who imports may not give them a way in"
_STATES = {"active": State.ACTIVE, "suspended": State.SUSPENDED, "deleted": State.DELETED}


class UserRow(NamedTuple):
    place: Place
    user_id: str
    login_id: str
    status: str
    first_name: str | None
    last_name: str | None
    full_name: str | None
    sortable_name: str | None
    short_name: str | None
    email: str | None
    password: str | None
    integration_id: str | None


class Values(NamedTuple):
    login_id: str
    login_key: str
    name: str
    sortable_name: str
    short_name: str
    name_key: str
    email: str
    integration_id: str | None
    state: str
    password: str


class _People(Store[str, Values]):
    def make_way(self, changes: list[Changed[str, Values]]) -> None:
        """Let go of logins that go to others: of two who swap theirs each would wait for ever."""
        taken = {change.after.login_key for change in changes}
        leaving = [
            self.pk(c.key)
            for c in changes
            if c.before and c.before.login_key != c.after.login_key and c.before.login_key in taken
        ]
        if leaving:
            passing = Concat(Value(f"{token_hex(16)} "), Cast("pk", CharField()))
            User.objects.filter(among("pk", leaving)).update(login_id=passing, login_key=passing)


class _Users:
    def __init__(self, batch: Batch[UserRow]) -> None:
        self._batch = batch
        ids = {row.user_id for row in batch.rows}
        everyone = User.objects.filter(root_account=batch.root)
        self.store = _People(
            User,
            Values,
            keys=("sis_id",),
            constants=batch.stamps,
        )
        self.store.read(everyone.filter(among("sis_id", ids)))
        self._wanted = {row.user_id: _login_wanted(row) for row in batch.rows}
        wanted = {login_key(row.login_id) for row in batch.rows}
        # Who has a login now; it changes hands as the rows are gone through.
        logins = Login.objects.filter(among("login_key", wanted), root_account=batch.root)
        self._holders: dict[str, str | None] = dict(logins.values_list("login_key", "user__sis_id"))
        self._taken_from: dict[str, str] = {}
        self._administrators: set[int] | None = None
        self._beyond: set[int] | None = None
        self._guarded = self._read_guarded(everyone.filter(among("sis_id", ids)))

    def _read_guarded(self, people: QuerySet[User]) -> set[str]:
        """Whom, of those who are there, whoever imports may give no way in: their SIS ids."""
        if may_give_ways_in(self._batch.actor):
            return set()
        if may_set_up_sign_in(self._batch.actor):
            people = people.exclude(no_password_of_their_own())
        return {sis_id for sis_id in people.values_list("sis_id", flat=True) if sis_id}

    def take(self, row: UserRow) -> None:
        key = given(row.user_id, "user_id", NOUN)
        state = status(row.status, _STATES, NOUN)
        old = self.store.get(key)
        if old is None and state == State.DELETED:
            return
        if state == State.DELETED and old is not None:
            values = old._replace(state=state)
        else:
            values = self._values(row, state, old)
        if old is not None and values != old:
            self._refuse_beyond(key)
        if state != State.DELETED:
            self._claim(values.login_key, key)
        self._keep_an_administrator(key, old, state)
        if old is not None and (state == State.DELETED or old.login_key != values.login_key):
            self._release(old.login_key, key)
        self.store.put(key, values)

    def _refuse_beyond(self, key: str) -> None:
        """A new e-mail or password of an administrator would be a way to sign in as them."""
        if self._beyond is None:
            self._beyond = out_of_reach(self._batch.actor)
        if self.store.pk(key) in self._beyond:
            raise RowRefused(f"User {key} is an administrator who may do more than who imports")

    def _values(self, row: UserRow, state: str, old: Values | None) -> Values:
        key, login_id = row.user_id, given(row.login_id, "login_id", NOUN)
        if old is None or old.login_id != login_id:
            self._refuse_login(login_id, old, key)
        names = _names(row, old)
        return Values(
            login_id=login_id,
            login_key=login_key(login_id),
            **names,
            name_key=name_key(names["name"], names["sortable_name"]),
            email=self._email(row, old.email if old else "", key),
            integration_id=optional(row.integration_id, old.integration_id if old else None),
            state=state,
            password=self._password(row, old),
        )

    def _refuse_login(self, login_id: str, old: Values | None, key: str) -> None:
        if may_deceive(login_id):
            raise RowRefused(
                f"The login has letters of several alphabets or unseen ones: {login_id!a}"
            )
        is_another = old is not None and old.login_key != login_key(login_id)
        if is_another and key in self._guarded and self._comes_in_by_login:
            raise RowRefused(f"User {key} comes in by the login that they have: {_NOT_THEIRS}")

    @cached_property
    def _comes_in_by_login(self) -> bool:
        by_login = SignOnProvider.Match.LOGIN
        return SignOnProvider.objects.lets_in_by(by_login, self._batch.root)

    def _email(self, row: UserRow, kept: str, key: str) -> str:
        """A child is not left out for a wrong address: it is told, and the old one stays."""
        if row.email is None or row.email == kept:
            return kept
        if key in self._guarded:
            self._batch.warn(row, f"Imported without the e-mail: {_NOT_THEIRS}")
            return kept
        if row.email and not _is_email(row.email):
            self._batch.warn(row, f"Imported without the e-mail: “{row.email}” is none")
            return kept
        return row.email

    def _password(self, row: UserRow, old: Values | None) -> str:
        found: str | None = self._batch.prepared.get(row.place)
        if found is not None and found.startswith("!"):
            self._batch.warn(row, f"Imported without the password: {found[1:]}")
        if old is not None and not _is_unusable(old.password):
            return old.password
        if old is not None and row.user_id in self._guarded:
            if found is not None:
                self._batch.warn(row, f"Imported without the password: {_NOT_THEIRS}")
            return old.password
        if found is not None and not found.startswith("!"):
            return found
        return old.password if old else make_password(None)

    def _claim(self, login: str, key: str) -> None:
        """Nobody gets a login that somebody else has and keeps."""
        holder = self._holders.get(login, key)
        if holder != key:
            if holder is None or not self._lets_go(holder, login):
                raise TryLater(_TAKEN)
            self._taken_from[key] = holder
        self._holders[login] = key

    def _lets_go(self, holder: str, login: str) -> bool:
        """Whether a row of this batch gives another login to who has this one as their own."""
        before = self.store.before(holder)
        wanted = self._wanted.get(holder)
        return before is not None and before.login_key == login and wanted not in (None, login)

    def put_off(self) -> None:
        """Rows that count on the login of somebody who keeps it after all, and so on."""
        while stuck := [
            key for key, holder in self._taken_from.items() if self._keeps(holder, key)
        ]:
            for key in stuck:
                del self._taken_from[key]
                self.store.leave(key)
            self._batch.put_off([row for row in self._batch.rows if row.user_id in stuck], _TAKEN)

    def _keeps(self, holder: str, key: str) -> bool:
        theirs, wanted = self.store.get(holder), self.store.get(key)
        return theirs is not None and wanted is not None and theirs.login_key == wanted.login_key

    def _release(self, login: str, key: str) -> None:
        if self._holders.get(login) == key:
            del self._holders[login]

    def _keep_an_administrator(self, key: str, old: Values | None, state: str) -> None:
        """Suspending or deleting the last AccountAdmin of the root account is refused."""
        pk = self.store.pk(key)
        if old is None or pk is None or state == State.ACTIVE or old.state != State.ACTIVE:
            return
        if self._administrators is None:
            self._administrators = lock_administrators(self._batch.root)
        if self._administrators == {pk}:
            raise TryLater("The last administrator of the root account must stay active")
        self._administrators.discard(pk)

    def write(self) -> None:
        actor = self._batch.actor
        there = {
            pk: change
            for change in self.store.changes()
            if (pk := self.store.pk(change.key)) is not None
        }
        deleted = [pk for pk, change in there.items() if _is_deleted(change)]
        # All at once, in the order in which everybody holds people.
        enrolments = hold_all_of(deleted, also=there) if deleted else []
        self._batch.outcome.changes += count(self.store.write())
        end_access([pk for pk, change in there.items() if _is_suspended(change)])
        if deleted:
            end_all_of(actor, deleted, enrolments)
            record_all(actor, [("person_deleted", pk, {"how": "import"}) for pk in deleted])


def _login_wanted(row: UserRow) -> str | None:
    """The login that the row gives its person; None for who is deleted: theirs is free after it."""
    return None if row.status.lower() == User.State.DELETED else login_key(row.login_id)


def _is_deleted(change: Changed[str, Values]) -> bool:
    before, after = change.before, change.after
    return before is not None and before.state != State.DELETED == after.state


def _is_suspended(change: Changed[str, Values]) -> bool:
    """Whether somebody who could sign in can't any more."""
    before, after = change.before, change.after
    return before is not None and before.state == State.ACTIVE and after.state == State.SUSPENDED


def _is_unusable(password: str) -> bool:
    return password.startswith(UNUSABLE_PASSWORD_PREFIX)


def _names(row: UserRow, old: Values | None) -> dict[str, str]:
    """The three names. What the file does not give stays, unless the name itself is another."""
    first, last, full = named(row.first_name), named(row.last_name), named(row.full_name)
    name = full or " ".join(filter(None, [first, last])) or (old.name if old else "")
    if not name:
        raise RowRefused("No name given for a user")
    sortable = named(row.sortable_name) or (f"{last}, {first}" if first and last else "")
    short = named(row.short_name)
    if old is not None and old.name == name:
        sortable, short = sortable or old.sortable_name, short or old.short_name
    found = names(name, sortable=sortable, short=short)
    if max(map(len, found.values())) > 255:
        raise RowRefused("The name is longer than 255 characters")
    return found


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _put(batch: Batch[UserRow]) -> None:
    if any(row.status.lower() == State.DELETED for row in batch.rows):
        # Whoever puts somebody into a course, or makes them an administrator, queues there, too.
        hold_rights(batch.actor, batch.root)
    users = _Users(batch)
    batch.each(users.take)
    users.put_off()
    users.write()


def _prepare(root: Account, rows: Sequence[UserRow]) -> dict[Place, str]:
    """Hashes of the passwords that will be used; or, after a "!", why one is too weak.

    Hashing is slow on purpose, so it happens before the transaction and only for those who have no
    password yet.
    """
    asking = [row for row in rows if row.password]
    ids = {row.user_id for row in asking}
    have = dict(
        User.objects.filter(among("sis_id", ids), root_account=root)
        .exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        .values_list("sis_id", "pk")
    )
    return {row.place: _hashed(root, row) for row in asking if row.user_id not in have}


def _hashed(root: Account, row: UserRow) -> str:
    password = row.password or ""
    user = User(root_account=root, login_id=row.login_id, email=row.email or "")
    user.name = row.full_name or f"{row.first_name or ''} {row.last_name or ''}".strip()
    try:
        check_password(password, user)
    except ValidationError as error:
        return UNUSABLE_PASSWORD_PREFIX + " ".join(error.messages)
    return make_password(password)


KIND = Kind(
    name="users",
    row=UserRow,
    required=("user_id", "login_id", "status"),
    put=_put,
    prepare=_prepare,
    slow_column="password",
    not_taken=(
        "pronouns", "ssha_password", "authentication_provider_id", "declared_user_type",
        "canvas_password_notification", "home_account",
    ),
)  # fmt: skip
