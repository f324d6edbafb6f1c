"""JSON as the wire has it: times in UTC, and ids as texts for clients that ask (§1.10, §1.11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, overload

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer

from pairing_service.http.parsing import kind_of_body

STRING_IDS = "application/json+canvas-string-ids"


@overload
def wire_time(time: datetime) -> str: ...
@overload
def wire_time(time: datetime | None) -> str | None: ...
def wire_time(time: datetime | None) -> str | None:
    """2030-05-06T07:08:09Z, or None."""
    text = wire_offset_time(time)
    return text and text.replace("+00:00", "Z")


@overload
def wire_offset_time(time: datetime) -> str: ...
@overload
def wire_offset_time(time: datetime | None) -> str | None: ...
def wire_offset_time(time: datetime | None) -> str | None:
    """2030-05-06T07:08:09+00:00, or None: the form of a few older fields (contract §6.1)."""
    return time.astimezone(UTC).isoformat(timespec="seconds") if time else None


class AlwaysJson(BaseContentNegotiation):
    """There is one representation; whatever a client says it accepts, it gets that."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        kind = kind_of_body(request)
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class CanvasRenderer(JSONRenderer):
    """JSON, with ids as texts when the request asks for them."""

    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> Any:
        request = (renderer_context or {}).get("request")
        if request and STRING_IDS in request.headers.get("Accept", ""):
            data = with_string_ids(data)
        return super().render(data, accepted_media_type, renderer_context)


def with_string_ids(data: Any) -> Any:
    """Values under `id` and `…_id` as texts, and lists under `…_ids` as lists of texts."""
    if isinstance(data, Mapping):
        return {key: _as_text(key, value) for key, value in data.items()}
    if isinstance(data, list):
        return [with_string_ids(item) for item in data]
    return data


def is_id(key: str) -> bool:
    """Whether a number below this key is an id."""
    return key == "id" or key.endswith("_id")


def is_list_of_ids(key: str) -> bool:
    """Whether a list below this key is one of ids."""
    return key.endswith("_ids")


def _as_text(key: str, value: Any) -> Any:
    if is_id(key) and _is_number(value):
        return str(value)
    if isinstance(value, list) and is_list_of_ids(key):
        return [str(item) if _is_number(item) else item for item in value]
    return with_string_ids(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
