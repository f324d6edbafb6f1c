"""The product's settings in production, for a day's traffic: quick hashes, no files collected.

What QR codes say is noted beside the mail: no browser here scans them. Events are told at once, and
not when those that began before them must have ended: here one thing happens after the other.
"""

import os
from pathlib import Path
from typing import Any

import qrcode

from pairing_service.settings import *  # noqa: F403
from pairing_service.settings import INSTALLED_APPS
from tests.settings import STATIC_ROOT

__all__ = ["STATIC_ROOT"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.trust.served.ServedConfig"]
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

_add_data = qrcode.QRCode.add_data


def _noted(code: Any, data: str, *more: Any, **named: Any) -> None:
    with Path(os.environ["DRAWN"]).open("a") as drawn:
        drawn.write(f"{data}\n")
    _add_data(code, data, *more, **named)


qrcode.QRCode.add_data = _noted
