"""What one person holds, and where: the only module that queries for rights.

A person holds roles through active enrolments (judged at the course's account, all the way down)
and through account memberships (judged as spec/permissions.md tells for administrators). Both come
in one statement per person and request; the overrides come from the compiled table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Account, User
from pairing_service.statements import every
from permissions.catalogue import PERMISSIONS, STAFF_BASE_ROLES, BaseRole, permission
from permissions.filters import any_of
from permissions.inheritance import Decision
from permissions.table import Piece, Table, any_piece, table_of

# What a course role still gives in a concluded course (spec/permissions.md "Answering").
_READING = ("read_", "view_")


@dataclass(frozen=True)
class Area:
    """Where a permission is held: pieces of the account tree, and single courses."""

    pieces: tuple[Piece, ...] = ()
    course_ids: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.pieces or self.course_ids)

    def accounts(self, path: str) -> Q:
        """Accounts in the area; `path` names the account's path field as seen from the target."""
        return any_piece(self.pieces, path)

    def courses(self, course: str, path: str) -> Q:
        """Courses in the area, by their own id (`course`) or by their account's path."""
        if not self.course_ids:
            return self.accounts(path)
        return any_of((self.accounts(path), Q(**{f"{course}__in": self.course_ids})))

    def people(self, path: str) -> Q:
        """Whoever is *of* an account in the area: the target's account (`path`) is it or below."""
        return any_piece([replace(piece, below=True) for piece in self.pieces], path)

    @property
    def holds_root(self) -> bool:
        """Whether the area has the root account itself; everyone is of it."""
        return any(piece.here and piece.path.count("/") == 1 for piece in self.pieces)

    def covers(self, piece: Piece) -> bool:
        """Whether every account of the piece is among `accounts`."""
        here = not piece.here or piece.path in self._here
        below = not piece.below or piece.path in self._below
        return (here and below) or self._is_below(piece.path)

    def has_account(self, path: str) -> bool:
        """Whether the account at `path` is among `accounts`."""
        return path in self._here or self._is_below(path)

    def has_course(self, course_id: int, path: str) -> bool:
        """Whether a course of the account at `path` is among `courses`."""
        return course_id in self.course_ids or self.has_account(path)

    # Sets of paths: somebody may administer thousands of accounts, and lists ask for every row.

    @cached_property
    def _here(self) -> frozenset[str]:
        return frozenset(piece.path for piece in self.pieces if piece.here)

    @cached_property
    def _below(self) -> frozenset[str]:
        return frozenset(piece.path for piece in self.pieces if piece.below)

    def _is_below(self, path: str) -> bool:
        """Whether it lies below an account of which everything below is held."""
        return not self._below.isdisjoint(_above(path))


def _above(path: str) -> Iterator[str]:
    """The paths of the accounts above the one at `path`, from the root account on."""
    end = path.find("/") + 1
    while end < len(path):
        yield path[:end]
        end = path.find("/", end) + 1


class _Held(NamedTuple):
    """One role that a person holds: in an account, or (with a course) through an enrolment."""

    role_id: int
    account_path: str
    course_id: int | None
    course_is_concluded: bool

    def gives_in_course(self, key: str) -> bool:
        return not self.course_is_concluded or key.startswith(_READING)


@dataclass(frozen=True)
class Holding:
    """A role that a person holds, and what the merge decides about a key in the place asked about.

    `held_at` is the account of the membership, or of the course whose enrolment it is.
    """

    role_id: int
    held_at: int
    course_id: int | None
    decision: Decision[int]
    is_over: bool

    @property
    def gives(self) -> bool:
        """Whether the key comes from it: a concluded course gives little."""
        return self.decision.allowed and not self.is_over


class Grants:
    """Everything that one person holds in one tenant; see `grants_of`."""

    def __init__(self, table: Table, held: Iterable[_Held]) -> None:
        self._table = table
        held = list(held)
        self._memberships = [one for one in held if one.course_id is None]
        self._enrolments = [one for one in held if one.course_id is not None]
        self._areas: dict[tuple[str, bool], Area] = {}

    def area(self, key: str, *, as_administrator: bool = False) -> Area:
        """Where `key` is held; `as_administrator` leaves out what course roles give.

        Raises UnknownPermission for a key that the catalogue does not have.
        """
        wanted = (permission(key).key, as_administrator)
        if wanted not in self._areas:
            self._areas[wanted] = Area(
                self._pieces(key), frozenset() if as_administrator else self._courses(key)
            )
        return self._areas[wanted]

    def _pieces(self, key: str) -> tuple[Piece, ...]:
        return tuple(
            piece
            for held in self._memberships
            for piece in self._table.membership(held.role_id, key, held.account_path)
        )

    def _courses(self, key: str) -> frozenset[int]:
        return frozenset(
            held.course_id
            for held in self._enrolments
            if held.course_id is not None
            and held.gives_in_course(key)
            and self._table.enrolment(held.role_id, key, held.account_path)
        )

    def holdings(
        self, key: str, path: str, course_id: int | None = None, *, as_administrator: bool = False
    ) -> list[Holding]:
        """Every role that bears on `key` in the account at `path`, or in a course of it.

        The key is held there when one of them `gives` it: what `area` tells at once, one by one.
        """
        above = [held for held in self._memberships if path.startswith(held.account_path)]
        there = [
            held
            for held in self._enrolments
            if held.course_id == course_id and not as_administrator
        ]
        return [self._holding(held, key, path) for held in [*there, *above]]

    def _holding(self, held: _Held, key: str, path: str) -> Holding:
        held_at = [int(part) for part in held.account_path.split("/") if part][-1]
        is_enrolment = held.course_id is not None
        return Holding(
            held.role_id,
            held_at,
            held.course_id,
            self._table.decision(held.role_id, key, path, None if is_enrolment else held_at),
            is_enrolment and not held.gives_in_course(key),
        )

    def covers_role(self, role_id: int, path: str) -> bool:
        """Whether everything that the role gives to whoever holds it at `path` is held, too.

        An Account Admin can switch on whatever their role does not give now: only an Account Admin
        of the account holds that, too.
        """
        if self._table.base_role(role_id) == BaseRole.ACCOUNT_ADMIN:
            return self.governs.has_account(path)
        return all(
            self.area(key, as_administrator=True).covers(piece)
            for key in PERMISSIONS
            for piece in self._table.membership(role_id, key, path)
        )

    def covers_course_role(self, role_id: int, course_id: int, path: str) -> bool:
        """Whether every enforced permission that the course role gives in the course, one of the
        account at `path`, is held there, too."""
        return all(
            self.area(key).has_course(course_id, path)
            for key, one in PERMISSIONS.items()
            if one.enforced and self._table.enrolment(role_id, key, path)
        )

    @cached_property
    def governs(self) -> Area:
        """The accounts whose Account Admin the person is: nothing there is beyond them."""
        return Area(
            tuple(
                Piece(held.account_path)
                for held in self._memberships
                if self._table.base_role(held.role_id) == BaseRole.ACCOUNT_ADMIN
            )
        )

    @property
    def teaches_below(self) -> set[str]:
        """Paths: of the accounts of the courses in which the person is staff, and of all above."""
        own = {
            held.account_path
            for held in self._enrolments
            if self._table.base_role(held.role_id) in STAFF_BASE_ROLES
        }
        return {path for one in own for path in (one, *_above(one))}

    @cached_property
    def administers(self) -> Area:
        """The accounts in which the person is an administrator, and all below them."""
        return Area(tuple(Piece(held.account_path) for held in self._memberships))


def grants_of(actor: Actor, user: User) -> Grants:
    """What `user` holds in the actor's tenant, read once per actor: one statement."""
    key = ("grants", user.pk)
    if key not in actor.memo:
        actor.memo[key] = Grants(table_of(actor.root_account), _held_by(actor.root_account, user))
    grants: Grants = actor.memo[key]
    return grants


def path_of(actor: Actor, target: Any, account: str) -> str:
    """The path of the account that the target's field names ("pk": itself).

    Asks the database only for an account that is newer than the table.
    """
    if account == "pk":
        path: str = target.path
        return path
    known = table_of(actor.root_account).path_of(getattr(target, f"{account}_id"))
    return known or getattr(target, account).path


def held_keys(
    actor: Actor, keys: Collection[str], path: str, course_id: int | None = None
) -> set[str]:
    """Which of these permissions each of the actor's people holds in the account at `path`, or in
    the course of that account. Nothing for who may do nothing at all."""
    if not actor.is_able:
        return set()
    people = [grants_of(actor, user) for user in {actor.person, actor.real} if user is not None]

    def is_held(grants: Grants, key: str) -> bool:
        if course_id is not None:
            return grants.area(key).has_course(course_id, path)
        return grants.area(key, as_administrator=True).has_account(path)

    return {key for key in keys if all(is_held(grants, key) for grants in people)}


# By hand: every request asks it, and the ORM takes ten times as long to compose it.
_HELD = """
SELECT m.role_id, a.path, NULL, FALSE
  FROM permissions_accountmembership m JOIN accounts_account a ON a.id = m.account_id
 WHERE m.user_id = %(user)s AND m.root_account_id = %(root)s AND m.state = 'active'
   AND a.state = 'active'
UNION ALL
SELECT e.role_id, a.path, c.id, c.state = 'completed' OR COALESCE(c.end_at < %(now)s, FALSE)
  FROM courses_enrolment e
  JOIN courses_course c ON c.id = e.course_id
  JOIN accounts_account a ON a.id = c.account_id
 WHERE e.user_id = %(user)s AND e.root_account_id = %(root)s AND e.state = 'active'
   AND c.state <> 'deleted'
"""


def _held_by(root_account: Account, user: User) -> Iterable[_Held]:
    """One statement for both kinds: an account's memberships and a person's active enrolments."""
    rows = every(_HELD, user=user.pk, root=root_account.pk, now=timezone.now())
    return [_Held(*row) for row in rows]
