"""Forms as the API reads them: UTF-8, as JSON has to be.

Django would read Latin letters where there are none, or put marks in the place of what it can't
read, and that would be kept.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser, MultiPartParser

_MARK = "\ufffd"


def is_utf8(escaped: bytes) -> bool:
    """Whether what is written with %xx is UTF-8."""
    try:
        unquote_to_bytes(escaped).decode()
    except UnicodeDecodeError:
        return False
    return True


def kind_of_body(request: Any) -> str:
    """Its media type alone, in small letters; "" when none is given."""
    return (request.content_type or "").partition(";")[0].strip().lower()


def _refusal() -> ParseError:
    return ParseError("the form is not UTF-8")


class Form(FormParser):
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read()
        if not is_utf8(body):
            raise _refusal()
        return super().parse(BytesIO(body), media_type, parser_context)


class MultiPart(MultiPartParser):
    """Django's parser knows its own kind in small letters only."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        kind, separator, more = (media_type or "").partition(";")
        found = super().parse(stream, f"{kind.lower()}{separator}{more}", parser_context)
        if any(_MARK in text for name, texts in found.data.lists() for text in (name, *texts)):
            raise _refusal()
        return found
