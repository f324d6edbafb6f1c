"""Accounts as a tree, for pages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import QuerySet

from accounts.models import Account

# More help nobody; then two levels are shown, and each account's own page has the next.
_MOST = 200


@dataclass
class Node:
    account: Account
    below: list[Node] = field(default_factory=list)
    hidden: int = 0


def tree_of(accounts: QuerySet[Account]) -> tuple[list[Node], int]:
    """The accounts, each below its parent, by name; and how many were left out as too deep."""
    nodes = {a.pk: Node(a) for a in accounts.only("name", "parent_id", "path").order_by("name")}
    children: dict[int | None, list[Node]] = defaultdict(list)
    for node in nodes.values():
        parent = node.account.parent_id
        children[parent if parent in nodes else None].append(node)
    for pk, node in nodes.items():
        node.below = children[pk]
    left_out = _cut(children[None]) if len(nodes) > _MOST else 0
    return children[None], left_out


def _cut(tops: list[Node]) -> int:
    """Leave two levels; every node that loses some tells how many."""
    for node in (child for top in tops for child in top.below):
        node.hidden = _count(node) - 1
        node.below = []
    return sum(node.hidden for top in tops for node in top.below)


def _count(node: Node) -> int:
    return 1 + sum(_count(child) for child in node.below)
