"""Who may act as whom: one table, asked of the rule, of the pages and of REST.

The columns are those of PEOPLE beside the people of `more_people`. In the rows, `+` is whom one may
act as; themself is nobody to act as.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from accounts.rules import ACT_AS
from permissions.policy import permitted
from tests.cast import Cast, make_account_role, make_admin, make_user
from tests.effort import some_of

pytestmark = pytest.mark.usefixtures("not_drawn")

# who                whom they may act as, of those below; nobody else
TABLE = {
    "root_admin": "sub_admin neighbour_admin teacher ta designer student classmate elsewhere"
    " observer twin helper low_helper reader reader_below clerk",
    "twin": "root_admin sub_admin neighbour_admin teacher ta designer student classmate elsewhere"
    " observer helper low_helper reader reader_below clerk",
    # Holds become_user and read_roster: not an Account Admin, nor who may change sign-ins.
    "helper": "teacher ta designer student classmate elsewhere observer low_helper reader"
    " reader_below",
    # The same, given in High: what is asked is held in the root account.
    "low_helper": "",
    "sub_admin": "",
    "neighbour_admin": "",
    "reader": "",
    "reader_below": "",
    "clerk": "",
    "teacher": "",
    "ta": "",
    "designer": "",
    "student": "",
    "classmate": "",
    "elsewhere": "",
    "observer": "",
    "deactivated_admin": "",
    "stranger": "",
}

WALKERS = ["root_admin", "helper", "low_helper", "sub_admin", "student"]


@pytest.fixture
def people(cast: Cast) -> dict[str, User]:
    """The cast, and administrators with roles of their own."""
    keys = {
        "helper": ["become_user", "read_roster"],
        "reader": ["read_roster"],
        "clerk": ["read_roster", "manage_user_logins"],
    }
    roles = {name: make_account_role(cast, name, *held) for name, held in keys.items()}
    given = {
        "twin": (cast.root, cast.roles["AccountAdmin"]),
        "helper": (cast.root, roles["helper"]),
        "low_helper": (cast.accounts.high, roles["helper"]),
        "reader": (cast.root, roles["reader"]),
        "reader_below": (cast.accounts.high, roles["reader"]),
        "clerk": (cast.root, roles["clerk"]),
    }
    more = {name: make_user(cast.root, f"The {name}") for name in given}
    for name, place in given.items():
        make_admin(cast, more[name], *place)
    return {name: more.get(name) or getattr(cast, name) for name in TABLE}


def names(found: set[str]) -> list[str]:
    return [name for name in TABLE if name in found]


def test_the_rule(cast: Cast, people: dict[str, User]) -> None:
    found = {}
    for who, user in people.items():
        allowed = set(permitted(cast.actor(user), ACT_AS))
        found[who] = names({name for name, other in people.items() if other in allowed})
    assert found == {who: names(set(whom.split())) for who, whom in TABLE.items()}


def tried_by(who: str, people: dict[str, User]) -> dict[str, User]:
    """Themself, somebody of another tenant, and some of the others."""
    some = some_of([*people], WALKERS.index(who))
    return {name: people[name] for name in {who, "stranger", *some}}


def expected(who: str, people: dict[str, User]) -> set[str]:
    return {*TABLE[who].split()} & tried_by(who, people).keys()


def host_of(user: User, cast: Cast) -> str:
    return "testserver" if user.root_account_id == cast.root.pk else "southfield.localhost"


@pytest.mark.parametrize("who", WALKERS)
def test_the_pages(
    cast: Cast, people: dict[str, User], signed_in: Callable[..., Any], who: str
) -> None:
    found = set()
    for name, user in tried_by(who, people).items():
        with transaction.atomic():
            client = signed_in(people[who])
            status = client.post(f"/users/{user.pk}/masquerade").status_code
            is_acting = client.session.get("acting_as") == user.pk
            transaction.set_rollback(True)
        assert status == 302 if is_acting else status in (403, 404), name
        found |= {name} if is_acting else set()
    assert names(found) == names(expected(who, people))


@pytest.mark.parametrize("who", WALKERS)
def test_rest(cast: Cast, people: dict[str, User], rest: Callable[..., Any], who: str) -> None:
    client, found = rest(people[who]), set()
    for name, user in tried_by(who, people).items():
        answer = client.get("/api/v1/users/self", {"as_user_id": user.pk})
        if name == who:
            assert answer.json()["id"] == user.pk  # oneself, and acting as nobody
        elif answer.status_code == 200:
            assert answer.json()["id"] == user.pk
            found.add(name)
        else:
            assert (answer.status_code, answer.json()) == (401, {"errors": "Invalid as_user_id"})
    assert names(found) == names(expected(who, people))
