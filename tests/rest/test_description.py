"""The description of the REST API: of every address, of all that is read, with no bare object."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from rest_framework.views import APIView

from pairing_service.http.errors import api_not_found
from pairing_service.http.openapi import document
from tests.cast import Cast
from tests.described import operations

METHODS = ("get", "post", "put", "patch", "delete")


def served(resolver: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every route, with the function that answers there."""
    for pattern in resolver.url_patterns:
        route = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from served(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def undescribed(routes: Iterator[tuple[str, Any]]) -> list[str]:
    """What is answered in JSON, at an address and with a method, and is not in the description."""
    found = []
    for route, view in routes:
        made_of = getattr(view, "cls", None)
        if made_of is None and route.startswith("api/") and view is not api_not_found:
            found.append(f"{route} is no APIView")
        if made_of is not None and issubclass(made_of, APIView):
            told = document()["paths"].get(as_told(route), {})
            methods = [one for one in METHODS if hasattr(made_of, one)]
            found += [f"{one} {route}" for one in methods if one not in told]
    return found


def as_told(route: str) -> str:
    """`users/<str:user_id>` is `/users/{user_id}`."""
    return "/" + route.replace("<str:", "{").replace("<int:", "{").replace(">", "}")


def test_every_address_is_described_with_every_method() -> None:
    assert undescribed(served(get_resolver())) == []


def test_what_is_not_described_is_found() -> None:
    class Undescribed(APIView):
        def get(self, request: Any) -> None: ...

    new = path("api/v1/users/<str:user_id>/secrets", Undescribed.as_view())
    plain = path("api/v1/plain", lambda request: None)
    found = undescribed((str(one.pattern), one.callback) for one in (new, plain))
    assert found == ["get api/v1/users/<str:user_id>/secrets", "api/v1/plain is no APIView"]


def test_no_two_operations_have_one_name() -> None:
    assert len(operations()) == sum(len(methods) for methods in document()["paths"].values())


def schemas(node: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within one, and where it stands."""
    if isinstance(node, dict):
        yield at, node
        for key, below in node.items():
            yield from schemas(below, f"{at}/{key}")
    elif isinstance(node, list):
        for below in node:
            yield from schemas(below, f"{at}/*")


def answers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, operation in operations().items():
        for status, response in operation["responses"].items():
            for kind in response["content"].values():
                yield from schemas(kind["schema"], f"{name} {status}")
    for name, schema in document()["components"]["schemas"].items():
        if not name.endswith("Params"):
            yield from schemas(schema, name)


def is_bare(schema: dict[str, Any]) -> bool:
    """Whether it allows anything: {}, an object that names no keys, a list of whatever."""
    match schema:
        case {"type": "object"}:
            return "properties" not in schema and schema.get("additionalProperties") in (None, True)
        case {"type": "array"}:
            return not schema.get("items")
        case {}:
            return not schema


def test_no_answer_is_a_bare_object() -> None:
    found = [at for at, schema in answers() if is_bare(schema) and not at.endswith("/properties")]
    assert found == []


@pytest.mark.parametrize("bare", [{}, {"type": "object"}, {"type": "array", "items": {}}])
def test_a_bare_object_is_found(bare: dict[str, Any]) -> None:
    inside = {"type": "object", "properties": {"a": bare}}
    assert [at for at, schema in schemas(inside, "") if is_bare(schema)] != []


# Who reads parameters past `params_of`, which knows what is described; and what that is.
PAST_IT = {
    ("pairing_service/http/params.py", "params_of"): "it is this",
    ("pairing_service/http/pages.py", "_number"): "page, per_page",
    ("pairing_service/http/pages.py", "_links"): "what came, to be repeated",
    ("sis/api.py", "initial"): "access_token",
    ("sis/api.py", "_files"): "attachment",
}


def readers() -> Iterator[tuple[str, str]]:
    """The functions of the API's modules that read a request's parameters themselves."""
    names = {"query_params", "data", "GET", "POST", "FILES"}
    modules = ("*/api.py", "*/api/*.py", "pairing_service/http/*.py")
    for file in (found for one in modules for found in settings.BASE_DIR.glob(one)):
        inside = file.relative_to(settings.BASE_DIR).as_posix()
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef):
                for one in ast.walk(function):
                    match one:
                        case ast.Attribute(value=ast.Name("request"), attr=name) if name in names:
                            yield inside, function.name


def test_parameters_are_read_where_it_shows_whether_they_are_described() -> None:
    assert set(readers()) == set(PAST_IT)


# --- Where it is served ---


def test_the_page_leads_to_the_description_with_and_without_scripts(cast: Cast) -> None:
    page = Client().get("/docs/api").content.decode()
    assert 'data-url="/docs/api/openapi.json"' in page
    assert 'href="/docs/api/openapi.json" download' in page
    served = Client().get("/docs/api/openapi.json")
    assert served["Content-Type"] == "application/json"
    assert served.json() == document()


def test_the_pages_policy_makes_no_exception(cast: Cast) -> None:
    policy = Client().get("/docs/api")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy == Client().get("/login")["Content-Security-Policy"]
