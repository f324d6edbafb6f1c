"""Scopes of tokens, `url:METHOD|/api/v1/path/:id`, against the routes that are served.

The names of the ids differ from product to product and mean nothing: `:id` is `:user_id`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_SCOPE = re.compile(r"url:(GET|POST|PUT|PATCH|DELETE)\|(/api/v1/[^\s|]+)")
_ROUTE_ID = re.compile(r"<(?:\w+:)?(\w+)>")
_ID = re.compile(r":\w+")
_READS = ("GET", "HEAD", "OPTIONS")


def allows(scopes: Collection[str], method: str, route: str) -> bool:
    """Whether a token with these scopes opens the route, as the URLconf writes it.

    Without scopes it opens all. Whoever may GET may ask for the head, too.
    """
    if not scopes:
        return True
    wanted = scope_of("GET" if method in _READS else method, route)
    return _compared(wanted) in map(_compared, scopes)


def scope_of(method: str, route: str) -> str:
    """The scope of a route: "api/v1/users/<str:user_id>" is "url:GET|/api/v1/users/:user_id"."""
    path = _ROUTE_ID.sub(r":\1", route)
    return f"url:{method}|/{path}"


def unknown_scopes(scopes: Collection[str]) -> list[str]:
    """Those that are no scope of anything that is served."""
    served = set(map(_compared, served_scopes()))
    return [one for one in scopes if not _SCOPE.fullmatch(one) or _compared(one) not in served]


def are_within(scopes: Collection[str], allowed: Collection[str]) -> bool:
    """Whether each of the scopes is among the allowed."""
    return set(map(_compared, scopes)) <= set(map(_compared, allowed))


def open_no_more(scopes: Collection[str], than: Collection[str]) -> bool:
    """Whether a token with `scopes` opens nothing that one with the others doesn't.

    Without scopes it opens all.
    """
    return not than or (bool(scopes) and are_within(scopes, than))


def _compared(scope: str) -> str:
    return _ID.sub(":", scope.removeprefix("url:"))


@lru_cache
def served_scopes() -> tuple[str, ...]:
    """Every scope that opens something here, in the order of the routes."""
    return tuple(dict.fromkeys(_served(get_resolver(), "")))


def _served(resolver: Any, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _served(pattern, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/v1/"):
            view = getattr(pattern.callback, "cls", None)
            for method in ("get", "post", "put", "patch", "delete"):
                if hasattr(view, method):
                    yield scope_of(method.upper(), route)
