"""Parameters as Canvas clients send them: query string, form or JSON; nested as a[b][c] (§1.11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict, get_args, is_typeddict

from django.conf import settings
from django.http import QueryDict
from rest_framework.request import Request

from pairing_service.http.described import description_for
from pairing_service.http.errors import Field, refusal
from pairing_service.http.parsing import is_utf8
from pairing_service.http.shapes import hints_of
from pairing_service.moments import has_a_day_everywhere

_PART = re.compile(r"\[([^\]]*)\]")
_NOT_A_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_TRUE = {"1", "true", "yes", "on", "t"}
_FALSE = {"0", "false", "no", "off", "f"}


class Params:
    """All parameters of a request as one tree; the body wins over the query string.

    Readers raise a 400 refusal when a value is of another type than they ask for. `shapes`: the
    TypedDicts that say which parameters there are; None when that is not to be compared.
    """

    def __init__(
        self, tree: Mapping[str, Any], name: str = "", shapes: list[Any] | None = None
    ) -> None:
        self._tree = tree
        self._name = name
        self._shapes = shapes

    def _value(self, key: str) -> Any:
        return self._tree.get(key) if key in self else None

    def __contains__(self, key: str) -> bool:
        if self._shapes is not None and not any(_names(shape, key) for shape in self._shapes):
            raise LookupError(f"{self._full(key)} is read, and not described")
        return key in self._tree

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __bool__(self) -> bool:
        return bool(self._tree)

    def _full(self, key: str) -> str:
        """The name as refusals tell it; whatever is no text could not be sent."""
        key = _NOT_A_TEXT.sub("?", key)
        return f"{self._name}[{key}]" if self._name else key

    def text(self, key: str) -> str | None:
        """The value as text without white space at the ends; None when absent or null."""
        value = self._value(key)
        if value is None:
            return None
        if isinstance(value, Mapping | list | float):
            raise refusal(400, f"{self._full(key)} must be a text")
        return self._clean(key, value)

    def _clean(self, key: str, value: Any) -> str:
        """White space off; 400 for what no database takes: NUL, and half of a surrogate pair."""
        text = str(value).strip()
        if _NOT_A_TEXT.search(text):
            raise refusal(400, f"{self._full(key)} has characters that are not text")
        return text

    def secret(self, key: str) -> str | None:
        """The value as it stands: a password may begin or end with a space."""
        return str(self._tree[key]) if self.text(key) is not None else None

    def required(self, key: str) -> str:
        """The same, and 400 "… is missing" when absent or empty (§1.4)."""
        text = self.text(key)
        if not text:
            raise refusal(400, f"{self._full(key)} is missing")
        return text

    def boolean(self, key: str) -> bool | None:
        """1/0, true/false, yes/no, on/off, t/f in any case; None when absent."""
        text = self.text(key)
        if text and read_boolean(text) is None:
            raise refusal(400, f"{self._full(key)} must be true or false")
        return read_boolean(text or "")

    def moment(self, key: str) -> datetime | None:
        """An ISO 8601 time, in UTC when it names no zone; None when absent or empty."""
        try:
            return read_moment(self.text(key) or "")
        except ValueError as error:
            raise refusal(400, f"{self._full(key)} {error}") from error

    def texts(self, key: str) -> list[str]:
        """A list, `key[]=a&key[]=b` or a JSON array; a single value counts as a list of one."""
        value = self._value(key)
        if value is None:
            return []
        if isinstance(value, Mapping):
            raise refusal(400, f"{self._full(key)} must be a list")
        items = value if isinstance(value, list) else [value]
        return [self._clean(key, item) for item in items]

    def group(self, key: str) -> Params:
        """The parameters nested below `key`; empty when there are none."""
        value = self._value(key)
        if value is not None and not isinstance(value, Mapping):
            raise refusal(400, f"{self._full(key)} must be a group of parameters")
        return Params(value or {}, self._full(key), self._within(key))

    def _within(self, key: str) -> list[Any] | None:
        return self._shapes and [_group(shape, key) for shape in self._shapes if _names(shape, key)]


def _names(shape: Any, key: str) -> bool:
    return not is_typeddict(shape) or key in hints_of(shape)


def _group(shape: Any, key: str) -> Any:
    """The TypedDict of the parameters below `key`; of a dict[str, …] every key's."""
    return hints_of(shape)[key] if is_typeddict(shape) else get_args(shape)[1]


def read_boolean(text: str) -> bool | None:
    """1/0, true/false, yes/no, on/off, t/f in any case; None for anything else."""
    return text.lower() in _TRUE if text.lower() in _TRUE | _FALSE else None


_NUMBER = re.compile("[0-9]{1,18}")


def is_number(text: str) -> bool:
    """Whether it is a number that fits into the database's, as an id of ours does."""
    return _NUMBER.fullmatch(text) is not None


def read_number(name: str, text: str) -> int:
    """The number; 400 for anything else."""
    if not is_number(text):
        raise refusal(400, f"{name} must be a number")
    return int(text)


# Reads one value; raises ValueError with a sentence for what it can't be.
Reader = Callable[[str], Any]


def read_fields(
    given: Params, readers: Mapping[str, tuple[str, Reader]], wrong: dict[str, Field]
) -> dict[str, Any]:
    """Those that are given, under our names. `readers`: the wire's name, ours, how it is read.

    What can't be read is put into `wrong`, for the 400.
    """
    found = {}
    for wire, (name, read) in readers.items():
        if wire in given:
            try:
                found[name] = read(given.text(wire) or "")
            except ValueError as error:
                wrong[wire] = ("invalid", str(error))
    return found


def read_moment(text: str) -> datetime | None:
    """An ISO 8601 time, in UTC when it names no zone; None when empty. Raises ValueError."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a time like 2030-05-06T07:08:09Z") from None
    if not has_a_day_everywhere(moment):
        raise ValueError("must be in a year from 1001 to 9998")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class Everywhere(TypedDict, total=False):
    """What may come with any request."""

    as_user_id: str
    access_token: str


def params_of(request: Request) -> Params:
    """Query string and body together (clients put the same things into either).

    Where CHECK_DESCRIPTIONS is on, an endpoint that is described can read only what it describes.
    """
    if not is_utf8(request.META.get("QUERY_STRING", "").encode("latin-1", "replace")):
        raise refusal(400, "the query is not UTF-8")
    tree = nested(request.query_params)
    try:
        body = request.data
    except RecursionError as error:
        raise refusal(400, "the body is nested too deeply") from error
    if isinstance(body, QueryDict):
        body = nested(body)
    if not isinstance(body, Mapping):
        raise refusal(400, "the body must be an object")
    return Params(tree | dict(body), shapes=_shapes_for(request))


def _shapes_for(request: Request) -> list[Any] | None:
    described = description_for(request) if settings.CHECK_DESCRIPTIONS else None
    return [Everywhere, described.takes or Everywhere] if described else None


def nested(flat: QueryDict) -> dict[str, Any]:
    """`a[b][c]=v` as {"a": {"b": {"c": "v"}}}, `a[]=x&a[]=y` as {"a": ["x", "y"]}."""
    tree: dict[str, Any] = {}
    for name, values in flat.lists():
        head, *_ = name.partition("[")
        parts = [head, *_PART.findall(name)]
        is_list = parts[-1] == "" and len(parts) > 1
        _put(tree, parts[:-1] if is_list else parts, values if is_list else values[-1])
    return tree


def _put(tree: dict[str, Any], parts: list[str], value: Any) -> None:
    *above, last = parts
    for part in above:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            raise refusal(400, f"{part} is given as a value and as a group")
        tree = below
    tree[last] = value
