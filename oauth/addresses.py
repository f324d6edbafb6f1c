"""Where a client may have its answer sent: what a developer key's addresses must look like."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from oauth.models import OUT_OF_BAND

MOST_ADDRESSES = 50
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]{1,2000}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+")
_THIS_DEVICE = ("localhost", "127.0.0.1", "::1")


def is_address(text: str) -> bool:
    """Whether codes may be sent there.

    https; http to the person's own device (RFC 8252, 7.3); an app's own scheme, which is a
    reversed domain (7.1), so that nothing that a browser does something else with (javascript:)
    is one; or the page that shows the code. Never with a fragment (RFC 6749, 3.1.2).
    """
    if text == OUT_OF_BAND:
        return True
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not _CHARACTERS.fullmatch(text) or port == 0:
        return False
    if parts.scheme not in ("http", "https"):
        return "." in parts.scheme
    if "@" in parts.netloc or not _HOST.fullmatch(host or ""):
        return False
    return parts.scheme == "https" or host in _THIS_DEVICE
