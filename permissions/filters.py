"""Filters that are put together, and end early where what holds is the same for every target.

Most people hold a permission everywhere in their tenant or nowhere. That is known before a
statement is composed, and composing what does not matter costs more than asking the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Exists, Q, QuerySet

from pairing_service.statements import among

NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING


def any_of(filters: Iterable[Q]) -> Q:
    """Where one of them holds; nowhere when there are none."""
    some: list[Q] = []
    for one in filters:
        if one is EVERYTHING:
            return EVERYTHING
        if one is not NOTHING:
            some.append(one)
    return reduce(or_, some) if some else NOTHING


def all_of(filters: Iterable[Q]) -> Q:
    """Where all of them hold; everywhere when there are none. What several say alike is said once:
    two keys are often held in the same places."""
    said: list[Q] = []
    for one in filters:
        if one is NOTHING:
            return NOTHING
        if one is not EVERYTHING and not any(_alike(one, other) for other in said):
            said.append(one)
    return reduce(and_, said) if said else EVERYTHING


def _alike(one: Q, other: Q) -> bool:
    # Comparing them whole takes long; most differ in what they begin with.
    return one.children == other.children and one == other


def any_pair(pairs: Iterable[tuple[int, int]]) -> Q:
    """Memberships of one of these roles and accounts (role first), of thousands of accounts."""
    accounts: dict[int, list[int]] = defaultdict(list)
    for role_id, account_id in pairs:
        accounts[role_id].append(account_id)
    return any_of(Q(role=role_id) & among("account", ids) for role_id, ids in accounts.items())


def where_any(rows: QuerySet[Any]) -> Q:
    """Where one of the rows is there; they refer to the target by OuterRef."""
    return NOTHING if rows.query.is_empty() else Q(Exists(rows))
