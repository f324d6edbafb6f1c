"""Settings that are wrong stop the start and are named; what they held is not repeated."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from pairing_service.environment import Environment
from tests.processes import ROOT
from tests.trust.test_headers import run

SECRET = "sesame"


@pytest.fixture
def env() -> Environment:
    return Environment()


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Set X, or the file that X_FILE names."""

    def give(value: str | bytes) -> None:
        if isinstance(value, str):
            monkeypatch.setenv("X", value)
        else:
            (tmp_path / "x").write_bytes(value)
            monkeypatch.setenv("X_FILE", str(tmp_path / "x"))

    return give


@pytest.mark.parametrize("value", ["a,b", "a, b", " a ,b,", "a,, b , ", b"a, b\r\n"])
def test_items_of_a_list_are_stripped(env: Environment, give: Any, value: str | bytes) -> None:
    give(value)
    assert env.list("X", default=[]) == ["a", "b"]


def test_a_host_after_a_space_is_answered_and_an_old_key_is_read() -> None:
    names = "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SECRET_KEY_FALLBACKS", "CODE_KEY_FALLBACKS"
    told = run(
        "-c", "from pairing_service import settings as s;"
        f"print(*({', '.join(f's.{name}' for name in names)}))",
        **dict.fromkeys(names, "https://one.example, https://two.example"),
    )  # fmt: skip
    assert told.stdout.strip() == " ".join(["['https://one.example', 'https://two.example']"] * 4)


@pytest.mark.parametrize(
    ("word", "means"),
    [("True", True), ("yes", True), (" on\n", True), ("1", True),
     ("False", False), ("NO", False), ("off", False), ("0", False)],
)  # fmt: skip
def test_words_for_yes_and_no(env: Environment, give: Any, word: str, means: bool) -> None:
    give(word)
    assert env.bool("X", default=not means) is means


@pytest.mark.parametrize("word", ["sure", "enabled", "2", "", " "])
def test_another_word_is_not_a_no(env: Environment, give: Any, word: str) -> None:
    give(word)
    with pytest.raises(ImproperlyConfigured, match=r"^X must be True or False\.$"):
        env.bool("X", default=True)


@pytest.mark.parametrize("text", ["abc", "1GB", "1.5", ""])
def test_what_is_no_number(env: Environment, give: Any, text: str) -> None:
    give(text)
    with pytest.raises(ImproperlyConfigured, match=r"^X must be a whole number\.$"):
        env.int("X", default=60)


@pytest.mark.parametrize("read", [Environment.db_url, Environment.cache_url, Environment.email_url])
@pytest.mark.parametrize("url", ["garbage", "", f"mysql://me:{SECRET}@host/name", f"{SECRET}://x"])
def test_what_is_no_url_of_ours(env: Environment, give: Any, read: Any, url: str) -> None:
    give(url)
    with pytest.raises(ImproperlyConfigured, match=r"^X must be a URL that begins with") as wrong:
        read(env, "X", default="sqlite:///x")
    assert SECRET not in str(wrong.value)


def test_a_url_that_can_not_be_read_does_not_tell_its_password(env: Environment, give: Any) -> None:
    give(f"postgres://me:{SECRET}/s@host:5432/name")
    with pytest.raises(ImproperlyConfigured, match=r"^X can't be read as a URL") as wrong:
        env.db_url("X")
    assert SECRET not in str(wrong.value)
    assert wrong.value.__suppress_context__


def test_urls_that_are_right(env: Environment, give: Any) -> None:
    give("Postgres://me:a%2Fb@host:5432/name")
    assert env.db_url("X")["PASSWORD"] == "a/b"
    give("redis://host/1")
    assert env.cache_url("X")["LOCATION"] == "redis://host/1"
    give("smtp+tls://me:a%40b@host:587")
    assert env.email_url("X")["EMAIL_HOST_PASSWORD"] == "a@b"


def test_a_file_may_begin_with_a_byte_order_mark(env: Environment, give: Any) -> None:
    give(b"\xef\xbb\xbfsqlite:///data/x\n")
    assert env.db_url("X")["NAME"] == "data/x"


def test_a_file_in_another_encoding_is_told(env: Environment, give: Any) -> None:
    give("sésame".encode("latin-1"))
    with pytest.raises(ImproperlyConfigured, match=r"^X_FILE: .* is not UTF-8\.$"):
        env.str("X")


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTPS", "sure"), ("RATE_LIMITS", "enabled"), ("DATABASE_URL", "garbage"),
     ("CONN_MAX_AGE", "abc"), ("SIS_UPLOAD_MOST_BYTES", "1GB")],
)  # fmt: skip
def test_the_start_stops_and_says_which(name: str, value: str) -> None:
    told = run("-c", "import pairing_service.settings", **{name: value})
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].startswith(
        f"django.core.exceptions.ImproperlyConfigured: {name} must be"
    )


@pytest.mark.parametrize("port", ["abc", "80999", "0", "-1"])
def test_a_port_that_is_none_is_told_in_a_sentence(port: str) -> None:
    told = subprocess.run(
        ["./serve"], cwd=ROOT, env={**os.environ, "PORT": port}, capture_output=True, text=True
    )
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"PORT must be a number from 1 to 65535, not “{port}”.\n"
