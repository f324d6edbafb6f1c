"""Settings from the environment, each also from the file that `<NAME>_FILE` names.

django-environ reads the files but keeps a trailing newline, which would become part of a
secret or a database's name; this strips it, and the items of lists. Nor does it say which value it
can't read, or it takes an unknown word for no: here either stops the start and names the setting.
The value is never repeated, for it may hold a password.
"""

import os
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

_WORDS = dict.fromkeys(["true", "on", "ok", "y", "yes", "1"], True) | dict.fromkeys(
    ["false", "off", "n", "no", "0"], False
)
# Those that the settings have an engine for.
_DATABASES = ["sqlite", "postgres", "postgresql", "psql", "pgsql"]


class _Stripped(MutableMapping[str, str]):
    """os.environ with `<NAME>_FILE` honoured and white space at the ends dropped."""

    def __getitem__(self, name: str) -> str:
        path = os.environ.get(f"{name}_FILE")
        if path is None:
            return os.environ[name].strip()
        try:
            # Some editors put a byte order mark first.
            with open(path, encoding="utf-8-sig") as file:
                return file.read().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {error}") from error
        except UnicodeDecodeError:
            raise ImproperlyConfigured(f"{name}_FILE: {path} is not UTF-8.") from None

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


class _Wrong(Exception):
    """What a value must be, after the setting's name in a sentence."""


class Environment(environ.Env):
    """django-environ's reader over the stripped mapping. All raise ImproperlyConfigured.

    Empty is no yes, no number and no URL: one that got lost on its way must not become another
    database, or debug pages, in silence.
    """

    ENVIRON = _Stripped()  # type: ignore[assignment]

    def get_value(self, var: str, *args: Any, **more: Any) -> Any:
        try:
            return super().get_value(var, *args, **more)
        except _Wrong as wrong:
            raise ImproperlyConfigured(f"{var} must be {wrong}.") from None

    @classmethod
    def parse_value(cls, value: Any, cast: Any) -> Any:
        if cast is bool:
            return _yes_or_no(value)
        if cast is int:
            return _number(value)
        if cast is list:
            return [item for part in value.split(",") if (item := part.strip())]
        return super().parse_value(value, cast)

    def db_url(
        self, var: str = "DATABASE_URL", default: Any = environ.Env.NOTSET, engine: Any = None
    ) -> Any:
        with self._readable(var, default, _DATABASES):
            return super().db_url(var, default, engine)

    def cache_url(
        self, var: str = "CACHE_URL", default: Any = environ.Env.NOTSET, backend: Any = None
    ) -> Any:
        with self._readable(var, default, self.CACHE_SCHEMES):
            return super().cache_url(var, default, backend)

    def email_url(
        self, var: str = "EMAIL_URL", default: Any = environ.Env.NOTSET, backend: Any = None
    ) -> Any:
        with self._readable(var, default, self.EMAIL_SCHEMES):
            return super().email_url(var, default, backend)

    @contextmanager
    def _readable(self, var: str, default: Any, schemes: Iterable[str]) -> Iterator[None]:
        scheme = self.get_value(var, str, default).partition(":")[0]
        if scheme.lower() not in schemes:
            known = ", ".join(f"{scheme}://" for scheme in schemes)
            raise ImproperlyConfigured(f"{var} must be a URL that begins with one of {known}.")
        try:
            yield
        except ValueError:
            raise ImproperlyConfigured(
                f"{var} can't be read as a URL: in names and passwords write % and two digits for"
                " signs like : / @ # [ ]; the port is a number."
            ) from None


def _yes_or_no(word: str) -> bool:
    try:
        return _WORDS[word.lower()]
    except KeyError:
        raise _Wrong("True or False") from None


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _Wrong("a whole number") from None
