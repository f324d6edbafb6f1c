"""Lists in pages with a Link header (contract §1.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

_DROPPED = ("page", "per_page", "access_token", "api_key")
# A page number beyond this is beyond every list; it keeps the offset within a database's integers.
_LAST_PAGE = 10**9


def page_of(
    request: Request,
    rows: QuerySet[Any],
    serialize: Callable[[list[Any]], Iterable[Any]],
    *,
    counted: bool = True,
) -> Response:
    """One page of `rows`, empty beyond the end. `serialize` gets the page's rows at once.

    Without `counted` the header has no `last`, as the contract wants it of a few long lists.
    """
    page = _number(request, "page", 1, _LAST_PAGE)
    per_page = per_page_of(request)
    start = (page - 1) * per_page
    found = list(rows[start : start + per_page + 1])
    # One row more than the page has tells, mostly, that this is the last one, without counting.
    ends_here = len(found) <= per_page and bool(found or page == 1)
    body = list(serialize(found[:per_page]))
    numbers = {"current": page}
    if len(found) > per_page:
        numbers["next"] = page + 1
    if page > 1:
        numbers["prev"] = page - 1
    numbers["first"] = 1
    if counted:
        total = start + len(found) if ends_here else rows.count()
        numbers["last"] = max(1, -(-total // per_page))
    return Response(body, headers={"Link": _links(request, per_page, numbers)})


def per_page_of(request: Request) -> int:
    """How many rows a page may have, for lists that have no pages by number."""
    return _number(request, "per_page", 10, 100)


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, "")
    if not text.isascii() or not text.isdecimal():
        return default
    return max(int(text), 1) if len(text) < 10 and int(text) <= most else most


def _links(request: Request, per_page: int, numbers: dict[str, int]) -> str:
    query = request.query_params.copy()
    for name in _DROPPED:
        query.pop(name, None)
    base = request.build_absolute_uri(request.path)
    kept = f"{query.urlencode()}&" if query else ""
    return ",".join(
        f'<{base}?{kept}page={number}&per_page={per_page}>; rel="{rel}"'
        for rel, number in numbers.items()
    )
