"""Which addresses of other services may be asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings


def is_safe_address(address: str) -> bool:
    """With TLS; without it on this very machine alone, while the service has none itself."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_local = parts.hostname in ("127.0.0.1", "localhost", "::1") and not settings.HTTPS
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_local)
    )
