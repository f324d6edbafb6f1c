"""The OpenAPI description of the REST API, made of what `@described` tells about each view."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_origin, is_typeddict

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import AllowAny

from pairing_service.http.described import Description, description_of
from pairing_service.http.errors import Denied, Errors, NotSignedIn
from pairing_service.http.shapes import File, Schema, Shapes, hints_of, is_required

ABOUT = """\
What is the same everywhere:

**Tokens** go into `Authorization: Bearer …`, or into the parameter `access_token`.

**Parameters** come in the query string, as a form or as JSON, in any request; the body wins.
What is `account[name]` in a form is `{"account": {"name": …}}` in JSON, and `state[]=a&state[]=b`
is `{"state": ["a", "b"]}`. Booleans may be `true`, `1`, `yes`, `on`, `t`, and their opposites, in
any case. Unknown parameters are ignored. A parameter of another type, or a body that can't be
read, is 400.

**Ids** are numbers, or `self` (the caller; of accounts the root account), `sis_user_id:…`,
`sis_login_id:…`, `sis_account_id:…`, `sis_course_id:…`, `sis_section_id:…`,
`sis_integration_id:…`, `uuid:…`, and `hex:sis_user_id:…` with the value in hexadecimal digits.
What is of another tenant does not exist: 404.

**Ids in answers** are numbers; with `Accept: application/json+canvas-string-ids` they are texts.

**Acting as** somebody: `as_user_id` names them; the caller needs the permission for it.

**Lists** come in pages: `page` from 1, `per_page` up to 100, and the addresses of the next and the
other pages in the header `Link`. A page beyond the end is an empty list.

**Limits**: every answer to a token says what it cost (`X-Request-Cost`) and what is left
(`X-Rate-Limit-Remaining`); beyond it comes 403 as text, “403 Forbidden (Rate Limit Exceeded)”.

**Times** are in UTC, as 2030-05-06T07:08:09Z.
"""
_USER = "A number, `self`, `sis_user_id:…`, `sis_login_id:…`, `sis_integration_id:…`, `uuid:…`."
_ACCOUNT = "A number, `self` (the root account), `sis_account_id:…`, `uuid:…`."
IDS = {
    "account_id": _ACCOUNT,
    "sub_account_id": _ACCOUNT,
    "user_id": _USER,
    "observee_id": _USER,
    "observer_id": _USER,
    "course_id": "A number, `sis_course_id:…`, `sis_integration_id:…`.",
    "enrollment_id": "A number.",
    "section_id": "A number, `sis_section_id:…`, `sis_integration_id:…`.",
}
PARAMETERS: dict[str, Schema] = {
    "as_user_id": {
        "description": "Whom to act as; an id in any of its forms.",
        "schema": {"type": "string"},
    },
    "page": {"schema": {"type": "integer", "minimum": 1, "default": 1}},
    "per_page": {"schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}},
}
LINK = {
    "description": '`<address>; rel="…"`, with commas between: current, next, prev, first, last.',
    "schema": {"type": "string"},
}
SECURITY = {
    "token": {"type": "http", "scheme": "bearer"},
    "token_as_parameter": {"type": "apiKey", "in": "query", "name": "access_token"},
}
_JSON = "application/json"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_SAYS = {
    400: "What was sent can't be done, or not be read.",
    401: "Who is asking is not known.",
    403: "One may not do this.",
    404: "There is no such thing, or not for the caller.",
    409: "Something stands in the way.",
    415: "The body is of a kind, or in a charset, that nobody reads here.",
    422: "What was sent is well formed, and does not hold.",
    429: "Too many tries; `Retry-After` says when to come back.",
    507: "There is no room for it.",
}


@cache
def document() -> dict[str, Any]:
    """The whole description; the same for everyone."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    answers = generator.registry.answers = Shapes()
    inputs = generator.registry.inputs = Shapes(closed=False)
    body: dict[str, Any] = generator.get_schema(public=True)
    if both := (answers.components.keys() & inputs.components.keys()) - {"Id"}:
        raise TypeError(f"both taken and answered: {both}")
    _link(body["paths"], answers.components)
    body["info"]["description"] = ABOUT
    body["components"] = {
        "schemas": dict(sorted((answers.components | inputs.components).items())),
        "parameters": {
            name: {"name": name, "in": "query"} | words for name, words in PARAMETERS.items()
        },
        "headers": {"Link": LINK},
        "securitySchemes": SECURITY,
    }
    return body


class DescribedSchema(AutoSchema):
    """What drf-spectacular asks about each view: the operation, None when nobody described it."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> Schema | None:
        told = description_of(self.view, method)
        if told is None:
            return None
        is_open = AllowAny in self.view.permission_classes
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        raw = _raw_kinds(self.view) if method == "POST" else []
        operation = {
            "operationId": f"{method.lower()}{type(self.view).__name__}",
            "tags": [_tag(self.view)],
            **_texts(self.view, method),
            "security": [{name: []} for name in SECURITY] + ([{}] if is_open else []),
            "parameters": [
                *map(_in_path, names),
                *_in_query(told, registry.inputs, all_there=method == "GET" or bool(raw)),
            ],
            "responses": _responses(told, registry.answers, bool(names)),
        }
        if told.takes and method != "GET":
            operation["requestBody"] = _body(told.takes, registry.inputs, raw)
        return operation


def _raw_kinds(view: Any) -> list[str]:
    """Of bodies that are a file themselves, with all parameters in the query string."""
    kinds = [parser.media_type for parser in view.parser_classes]
    return [kind for kind in kinds if kind not in (_JSON, *_FORMS)]


def _tag(view: Any) -> str:
    """What the view's module is about: its docstring, less "REST:" and the contract's sections."""
    text = (inspect.getmodule(view).__doc__ or "").partition("\n\n")[0]  # type: ignore[union-attr]
    words = " ".join(text.split()).removeprefix("REST:").partition("(")[0].strip(" .")
    return words[:1].upper() + words[1:]


def _texts(view: Any, method: str) -> Schema:
    """The first paragraph of the docstring (of the method, else of its class), and the rest."""
    text = inspect.cleandoc(getattr(view, method.lower()).__doc__ or type(view).__doc__ or "")
    summary, _, rest = text.partition("\n\n")
    texts = {"summary": " ".join(summary.split())}
    return texts | {"description": rest} if rest else texts


# --- Parameters ---


def _in_path(name: str) -> Schema:
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema} | (
        {"description": IDS[name]} if name in IDS else {}
    )


def _in_query(told: Description, shapes: Shapes, *, all_there: bool) -> Iterator[Schema]:
    if told.takes and all_there:
        for name, schema, required in _flat(told.takes, shapes):
            if not _is_file(schema):
                found = {"name": name, "in": "query", "schema": schema}
                yield found | {"required": True} if required else found
    for name in ("as_user_id", *(("page", "per_page") if told.is_paged else ())):
        yield {"$ref": f"#/components/parameters/{name}"}


def _flat(shape: Any, shapes: Shapes, above: str = "") -> Iterator[tuple[str, Schema, bool]]:
    """The parameters as forms name them: a[b], a[]; with their schema, and whether they must be.

    Groups of any name (dict[str, …]) are told only as JSON.
    """
    for key, hint in hints_of(shape).items():
        name = f"{above}[{key}]" if above else key
        if is_typeddict(hint):
            for below, schema, required in _flat(hint, shapes, name):
                yield below, schema, required and is_required(shape, key)
        elif get_origin(hint) is list:
            yield f"{name}[]", shapes.of(hint), is_required(shape, key)
        elif get_origin(hint) is not dict:
            yield name, shapes.of(hint), is_required(shape, key)


def _is_file(schema: Schema) -> bool:
    return schema.get("format") == "binary"


def _body(takes: Any, shapes: Shapes, raw: list[str]) -> Schema:
    """As JSON and as a form. What is unknown is ignored, so the objects are open.

    Files come in a form alone, or are the body.
    """
    flat = list(_flat(takes, shapes))
    form = {"type": "object", "properties": {name: schema for name, schema, _ in flat}}
    if needed := [name for name, _, required in flat if required]:
        form["required"] = needed
    if any(_is_file(schema) for _, schema, _ in flat):
        content = {kind: {"schema": shapes.of(File)} for kind in raw}
        content[_FORMS[1]] = {"schema": form}
    else:
        content = {_JSON: {"schema": shapes.of(takes)}}
        content |= {kind: {"schema": form} for kind in _FORMS if flat}
    return {"content": content, "required": bool(needed)}


# --- Answers ---


def _responses(told: Description, shapes: Shapes, has_id: bool) -> Schema:
    refusals: dict[int, Any] = {
        400: Errors,
        401: NotSignedIn,
        403: Denied,
        415: Errors,
    }
    if has_id:
        refusals[404] = Errors
    for status, shape in told.refuses.items():
        refusals[status] = refusals[status] | shape if status in refusals else shape
    answer = {"description": "Done.", "content": _json(shapes.of(told.answers))}
    if told.is_paged:
        answer["headers"] = {"Link": {"$ref": "#/components/headers/Link"}}
    responses = {str(told.status): answer}
    for status, shape in sorted(refusals.items()):
        content = _json(shapes.of(shape)) | (_TEXT if status in (403, 415) else {})
        responses[str(status)] = {"description": _SAYS[status], "content": content}
    return responses


# --- From one operation to the next ---


def _link(paths: Schema, components: Schema) -> None:
    """Whoever has made or listed something by one address finds what lies below by its id."""
    for path, methods in paths.items():
        below = {at: paths[at] for at in paths if re.fullmatch(re.escape(path) + _BELOW, at)}
        for method in methods.keys() & {"get", "post"}:
            answer = methods[method]["responses"]["200"]
            pointer = _pointer_to_id(answer["content"][_JSON]["schema"], components)
            if pointer and below:
                answer["links"] = {
                    one["operationId"]: _link_to(one, pointer)
                    for at in below.values()
                    for one in at.values()
                }


# An id, and perhaps something about what it names.
_BELOW = r"/\{\w+\}(/[a-z_]+)*"


def _pointer_to_id(schema: Schema, components: Schema) -> str | None:
    """Where the id stands in an answer; of a list it is the first one's."""
    if schema.get("type") == "array":
        inside = _pointer_to_id(schema["items"], components)
        return inside and f"/0{inside}"
    named = components.get(schema.get("$ref", "").rpartition("/")[2], schema)
    return "/id" if "id" in named.get("properties", {}) else None


def _link_to(operation: Schema, pointer: str) -> Schema:
    *above, name = [one["name"] for one in operation["parameters"] if one.get("in") == "path"]
    known = {one: f"$request.path.{one}" for one in above}
    parameters = known | {name: f"$response.body#{pointer}"}
    return {"operationId": operation["operationId"], "parameters": parameters}


def _json(schema: Schema) -> Schema:
    return {_JSON: {"schema": schema}}
