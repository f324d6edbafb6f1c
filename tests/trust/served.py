"""An app for the server of a day's traffic only: it tells events at once."""

from __future__ import annotations

from datetime import timedelta

from django.apps import AppConfig


class ServedConfig(AppConfig):
    name = "tests.trust"
    label = "served"

    def ready(self) -> None:
        from audit import reading

        reading._SETTLED_AFTER = timedelta(0)
