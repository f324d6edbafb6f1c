"""Every sentence that can be translated in given templates and Python files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

# (context or None, singular, plural or None)
Message = tuple[str | None, str, str | None]
_KEYWORDS = ("gettext", "gettext_lazy", "_", "ngettext", "pgettext", "npgettext")
_CALL = re.compile(r"\b(npgettext|ngettext|pgettext|gettext|_)\(")


def messages_of(path: Path) -> Iterator[Message]:
    """In the order of the file."""
    if path.suffix == ".py":
        yield from _of_python(path)
    else:
        yield from _of_template(path)


def _of_python(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _, name, given, _ in extract_python(file, _KEYWORDS, [], {"encoding": "utf-8"}):
            texts = [given] if isinstance(given, str) else [text for text in given if text]
            yield _message(name or "", texts)


def _of_template(path: Path) -> Iterator[Message]:
    code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for match in _CALL.finditer(code):
        yield _message(match[1], _arguments(code[match.end() :]))


def _arguments(code: str) -> list[str]:
    """The string literals at the start of an argument list."""
    texts = []
    while literal := re.match(r"\s*,?\s*(u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))", code):
        texts.append(str(ast.literal_eval(literal[2])))
        code = code[literal.end() :]
    return texts


def _message(name: str, texts: list[str]) -> Message:
    context = texts.pop(0) if name in ("pgettext", "npgettext") else None
    plural = texts[1] if name in ("ngettext", "npgettext") else None
    return context, texts[0], plural
