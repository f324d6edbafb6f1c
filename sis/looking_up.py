"""Whom and what a batch's rows name: a fixed number of queries for any number of rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from accounts.models import Account, User
from courses.models import Course, Section
from pairing_service.statements import among
from permissions.models import Role
from sis.batches import RowRefused

BUILT_IN = Role.State.BUILT_IN
_WORDS = {
    "student": "StudentEnrollment",
    "teacher": "TeacherEnrollment",
    "ta": "TaEnrollment",
    "designer": "DesignerEnrollment",
    "observer": "ObserverEnrollment",
}


class Person(NamedTuple):
    pk: int
    state: str


class Spot(NamedTuple):
    """A section (in an enrolment without one: the course's default section) and its course."""

    section_id: int
    section_state: str
    course_id: int
    course_state: str
    account_path: str


def people(root: Account, ids: Collection[str]) -> dict[str, Person]:
    """Users by SIS id."""
    found = User.objects.filter(among("sis_id", ids), root_account=root)
    return {key: Person(*rest) for key, *rest in found.values_list("sis_id", "pk", "state")}


def accounts(root: Account, ids: Collection[str]) -> dict[str, Account]:
    """Accounts by SIS id; "" is the root account."""
    found = Account.objects.filter(among("sis_id", ids), root_account=root)
    return {str(account.sis_id): account for account in found} | {"": root}


_SPOT = ("pk", "state", "course_id", "course__state", "course__account__path")


def sections(root: Account, ids: Collection[str]) -> dict[str, Spot]:
    """Sections by SIS id."""
    found = Section.objects.filter(among("sis_id", ids), root_account=root)
    return {key: Spot(*rest) for key, *rest in found.values_list("sis_id", *_SPOT)}


def default_sections(root: Account, ids: Collection[str]) -> dict[str, Spot]:
    """The default sections of courses, by the course's SIS id."""
    found = Section.objects.filter(
        among("course__sis_id", ids), is_default=True, course__root_account=root
    )
    return {key: Spot(*rest) for key, *rest in found.values_list("course__sis_id", *_SPOT)}


def courses(root: Account, ids: Collection[str]) -> dict[str, tuple[int, str]]:
    """Ids and states of courses, by SIS id."""
    found = Course.objects.filter(among("sis_id", ids), root_account=root)
    return {str(key): (pk, state) for key, pk, state in found.values_list("sis_id", "pk", "state")}


class Roles:
    """A tenant's roles, as files name them: by word, label or id."""

    def __init__(self, root: Account) -> None:
        self._roles = list(Role.objects.filter(root_account=root).select_related("account"))
        self._asked: dict[tuple[str, str, str], Role | str] = {}

    def find(self, word: str | None, role_id: str | None, path: str) -> Role:
        """The role to use in the account at `path`: its own or one of an account above."""
        asked = (word or "", role_id or "", path)
        if asked not in self._asked:
            self._asked[asked] = self._find(*asked)
        found = self._asked[asked]
        if isinstance(found, str):
            raise RowRefused(found)
        return found

    def _find(self, word: str, role_id: str, path: str) -> Role | str:
        if not word and not role_id:
            return "No role given"
        shown = f"role_id {role_id}" if role_id else f"role “{word}”"
        named = [role for role in self._roles if _is_named(role, word, role_id)]
        usable = [role for role in named if path.startswith(role.account.path)]
        if not usable:
            return f"There is no {shown} here" + (": it is another account's" if named else "")
        alive = [role for role in usable if role.state != Role.State.INACTIVE]
        if not alive:
            return f"The {shown} is inactive"
        return max(alive, key=lambda role: (role.state == BUILT_IN, len(role.account.path)))


def _is_named(role: Role, word: str, role_id: str) -> bool:
    if role_id:
        return str(role.pk) == role_id
    is_word = role.state == BUILT_IN and role.base_role in (word, _WORDS.get(word.lower()))
    return is_word or role.label == word
