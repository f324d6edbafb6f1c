"""JSON Schemas of types: what a TypedDict says about JSON, as OpenAPI 3.1 says it.

Objects in answers are closed: a key that their TypedDict does not name is an error. Ids are
numbers, or texts for clients that ask for those (§1.10).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from pairing_service.http.rendering import is_id, is_list_of_ids

Schema = dict[str, Any]


class Says:
    """More words of JSON Schema about a type: Annotated[str, Says(format="date-time")]."""

    def __init__(self, **words: Any) -> None:
        self.words = words


Time = Annotated[str, Says(format="date-time")]
File = Annotated[str, Says(format="binary")]
_PLAIN: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
}
ID: Schema = {
    "description": "A number; a text of digits for who asks for string ids.",
    "type": ["integer", "string"],
    "minimum": 0,
    "pattern": "^[0-9]+$",
}


class Shapes:
    """Schemas of types; those of TypedDicts are kept once in `components`, by name.

    `closed`: whether objects may have no other keys. Parameters may: what is unknown is ignored.
    """

    def __init__(self, *, closed: bool = True) -> None:
        self.components: dict[str, Schema] = {"Id": ID}
        self._types: dict[str, Any] = {"Id": None}
        self._closed = closed

    def of(self, hint: Any, key: str = "") -> Schema:
        """The schema of a type; `key`: under which it stands (ids are ids by their names)."""
        origin, args = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self.of(args[0], key) | next(a.words for a in args[1:] if isinstance(a, Says))
        if hint is int and is_id(key):
            return {"$ref": "#/components/schemas/Id"}
        if hint in _PLAIN:
            return {"type": _PLAIN[hint]}
        if origin is Literal:
            return {"enum": list(args)}
        if origin in (Union, UnionType):
            return _either([self.of(one, key) for one in args])
        if is_typeddict(hint):
            return self._named(hint)
        if isinstance(origin, type) and issubclass(origin, list):
            return {"type": "array", "items": self.of(args[0], "id" if is_list_of_ids(key) else "")}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(args[1])}
        raise TypeError(f"{hint!r} says nothing about its JSON")

    def _named(self, shape: Any) -> Schema:
        name = shape.__name__.removesuffix("Json")
        if self._types.setdefault(name, shape) is not shape:
            raise TypeError(f"two shapes are named {name}")
        if name not in self.components:
            self.components[name] = {}  # it may have one of its kind inside
            self.components[name] = self.object_of(shape)
        return {"$ref": f"#/components/schemas/{name}"}

    def object_of(self, shape: Any) -> Schema:
        """The schema of a TypedDict itself."""
        schema: Schema = {
            "type": "object",
            "properties": {key: self.of(hint, key) for key, hint in hints_of(shape).items()},
        }
        if self._closed:
            schema["additionalProperties"] = False
        if required := [key for key in hints_of(shape) if is_required(shape, key)]:
            schema["required"] = required
        if text := inspect.cleandoc(shape.__doc__ or ""):
            schema["description"] = text
        return schema


@cache
def hints_of(shape: Any) -> dict[str, Any]:
    """The keys of a TypedDict with the types of their values."""
    return {key: _unwrapped(hint)[0] for key, hint in _raw_hints(shape).items()}


def is_required(shape: Any, key: str) -> bool:
    """Whether the key must be there: as it is marked (TypedDict itself does not see marks in
    postponed annotations), else as its class is total."""
    _, marked = _unwrapped(_raw_hints(shape)[key])
    return key in shape.__required_keys__ if marked is None else marked


@cache
def _raw_hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape, include_extras=True)


def _unwrapped(hint: Any) -> tuple[Any, bool | None]:
    if get_origin(hint) in (Required, NotRequired):
        return get_args(hint)[0], get_origin(hint) is Required
    return hint, None


def _either(schemas: list[Schema]) -> Schema:
    """One of several; plain types with null stay one schema."""
    null = {"type": "null"}
    rest = [schema for schema in schemas if schema != null]
    if len(rest) == 1 and null in schemas and isinstance(rest[0].get("type"), str):
        return rest[0] | {"type": [rest[0]["type"], "null"]}
    return {"anyOf": schemas}
