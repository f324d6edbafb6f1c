"""Settings from the environment, each also from the file that `<NAME>_FILE` names.

django-environ reads the files but keeps a trailing newline, which would become part of a
secret or a database's name; this strips it, and the items of lists.
"""

import os
from collections.abc import Iterator, MutableMapping
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class _Stripped(MutableMapping[str, str]):
    """os.environ with `<NAME>_FILE` honoured and white space at the ends dropped."""

    def __getitem__(self, name: str) -> str:
        path = os.environ.get(f"{name}_FILE")
        if path is None:
            return os.environ[name].strip()
        try:
            with open(path, encoding="utf-8") as file:
                return file.read().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {error}") from error

    def __contains__(self, name: object) -> bool:
        return name in os.environ or f"{name}_FILE" in os.environ

    def __setitem__(self, name: str, value: str) -> None:
        os.environ[name] = value

    def __delitem__(self, name: str) -> None:
        del os.environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


class Environment(environ.Env):
    """django-environ's reader over the stripped mapping."""

    ENVIRON = _Stripped()  # type: ignore[assignment]

    @classmethod
    def parse_value(cls, value: Any, cast: Any) -> Any:
        if cast is list:
            return [item for part in value.split(",") if (item := part.strip())]
        return super().parse_value(value, cast)
