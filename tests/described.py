"""Every answer of the REST API, compared with its description."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs
from rest_framework.response import Response
from rest_framework.test import APIClient

from pairing_service.http.openapi import document


class DescribedClient(APIClient):
    """A client that takes no answer which the description of the API does not allow."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        if isinstance(response, Response):
            compare(response)
        return response


def compare(response: Any) -> None:
    """Fails when the status is not described, or the body is not of the shape described for it."""
    context = response.renderer_context
    method = context["request"].method.lower()
    if method in ("head", "options") or not hasattr(context["view"], method):
        return  # no operation: 405 to who is known, and 401 to who isn't
    operation = f"{method}{type(context['view']).__name__}"
    answers = answers_of(operation)
    status = str(response.status_code)
    assert status in answers, f"{operation} answers {status}, which is not described"
    body = json.loads(response.content)
    for error in validator(operation, status).iter_errors(body):
        where = "/".join(map(str, error.instance_path))
        raise AssertionError(f"{operation} {status}: {error.message} at /{where} of {body}")
    link = response.headers.get("Link")
    assert (link is None) == ("Link" not in answers[status].get("headers", {})), operation


@cache
def operations() -> dict[str, Any]:
    paths = document()["paths"].values()
    return {one["operationId"]: one for methods in paths for one in methods.values()}


def answers_of(operation: str) -> dict[str, Any]:
    assert operation in operations(), f"{operation} is not described"
    return operations()[operation]["responses"]


@cache
def validator(operation: str, status: str) -> Any:
    where = f"described:#/{operation}/responses/{status}/content/application~1json/schema"
    return jsonschema_rs.Draft202012Validator(
        {"$ref": where}, validate_formats=True, registry=_described()
    )


@cache
def _described() -> jsonschema_rs.Registry:
    """All operations, beside the components that they refer to; read once for all validators."""
    whole = operations() | {"components": document()["components"]}
    return jsonschema_rs.Registry([("described:", whole)])
