"""What a QR code for signing in says (contract §9.7), and how it is drawn."""

from __future__ import annotations

from urllib.parse import urlencode

import qrcode
from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage

# Each app reads another name; under all of them is the same code, so that it works once.
_NAMES = (
    "code",
    "code_android",
    "code_ios_teacher",
    "code_android_teacher",
    "code_ios_parent",
    "code_android_parent",
)


def sign_in_address(base: str, domain: str, text: str) -> str:
    """What the drawing says: apps take domain and code out of it, a browser opens it."""
    return f"{base}/canvas/login?{urlencode({'domain': domain} | dict.fromkeys(_NAMES, text))}"


def drawing(text: str) -> SafeString:
    """A QR code as SVG for a page: no style, no script."""
    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_L,
        border=4,
        image_factory=SvgPathImage,
    )
    code.add_data(text)
    return mark_safe(code.make_image().to_string(encoding="unicode"))  # noqa: S308
