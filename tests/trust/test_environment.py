"""Settings as they are read from the environment and from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pairing_service.environment import Environment
from tests.trust.test_headers import run


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
