"""Answers of the token endpoint, developer keys, mobile_verify (contract §9)."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from oauth.actions.granting import TOKEN_LIFETIME, Issued


def issued_json(issued: Issued) -> dict[str, Any]:
    """The iOS apps need every field of `user`, `effective_locale` above all (contract §9.2)."""
    user = issued.user
    body: dict[str, Any] = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "user": {
            "id": user.pk,
            "name": user.name,
            "global_id": str(user.pk),
            "effective_locale": user.locale or settings.LANGUAGE_CODE,
        },
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "canvas_region": "unknown",
    }
    return body | ({"refresh_token": issued.refresh_token} if issued.refresh_token else {})
