"""For tests that go everywhere and look at statuses."""

from __future__ import annotations

import pytest
from django.template.backends.django import Template


@pytest.fixture
def not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages stay empty: drawing is most of their time, and other tests look at them."""
    monkeypatch.setattr(Template, "render", lambda *args, **named: "")
