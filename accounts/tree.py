"""Accounts as a tree, for pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from django.db.models import Count, QuerySet

from accounts.models import Account
from accounts.people import in_order, searched, titled
from courses.models import Course

# More help nobody; then two levels are shown, and each account's own page has the next.
_MOST = 200


@dataclass
class Node:
    account: Account
    below: list[Node] = field(default_factory=list)
    hidden: int = 0
    # In the account and in all below it.
    courses: int = 0


def tree_of(
    accounts: QuerySet[Account], courses: Mapping[int, int] = MappingProxyType({})
) -> tuple[list[Node], int]:
    """The accounts, each below its parent, by name; and how many were left out as too deep.

    `courses` has how many there are in each account itself.
    """
    sorted_ = in_order(accounts.only("name", "parent_id", "path"), "name")
    nodes = {a.pk: Node(a, courses=courses.get(a.pk, 0)) for a in sorted_}
    children: dict[int | None, list[Node]] = defaultdict(list)
    for node in nodes.values():
        parent = node.account.parent_id
        children[parent if parent in nodes else None].append(node)
    for pk, node in nodes.items():
        node.below = children[pk]
    for top in children[None]:
        _add_up(top)
    left_out = _cut(children[None]) if len(nodes) > _MOST else 0
    return children[None], left_out


def _add_up(node: Node) -> int:
    node.courses += sum(map(_add_up, node.below))
    return node.courses


def _cut(tops: list[Node]) -> int:
    """Leave two levels; every node that loses some tells how many."""
    for node in (child for top in tops for child in top.below):
        node.hidden = _count(node) - 1
        node.below = []
    return sum(node.hidden for top in tops for node in top.below)


def _count(node: Node) -> int:
    return 1 + sum(_count(child) for child in node.below)


def courses_in(accounts: QuerySet[Account]) -> dict[int, int]:
    """How many courses are in each of the accounts itself: one statement."""
    courses = Course.objects.existing().filter(account__in=accounts.order_by().values("pk"))
    return dict(courses.values_list("account").annotate(Count("pk")).order_by())


def found_in(accounts: QuerySet[Account], text: str) -> list[tuple[Account, str]]:
    """The accounts whose names fit the text, each with the names of those above it, as far as they
    are among the accounts."""
    names = dict(accounts.values_list("pk", "name"))
    found = in_order(accounts.filter(titled(searched(text))), "name")[:_MOST]
    return [(account, above(account, names)) for account in found]


def above(account: Account, names: Mapping[int, str]) -> str:
    """“Northfield › High”: the way to the account from the top, without itself."""
    return " › ".join(names[pk] for pk in account.chain_ids[:-1] if pk in names)


def choices_of(accounts: QuerySet[Account]) -> list[tuple[int, str]]:
    """The accounts to choose from, each after the one that it hangs on, as “Northfield › High”."""
    names = dict(accounts.values_list("pk", "name"))
    ways = [(" › ".join(filter(None, [above(a, names), a.name])), a.pk) for a in accounts]
    return [(pk, way) for way, pk in sorted(ways, key=lambda found: found[0].casefold())]
