"""Finding secrets in bytes: as they are, and in the forms in which they would get there."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from django.db import connection

from accounts.models import Session

# Of a long text its end alone opens nothing, but whoever logs it logs the rest next time.
_LONG, _END = 40, 20
_SHORT = 20


@cache
def forms_of(secret: str) -> set[bytes]:
    """The ways in which a text is written: plain, escaped, encoded, without what separates it."""
    texts = {secret, secret.lower(), secret.upper(), quote(secret, safe=""), quote_plus(secret)}
    texts |= {secret.replace("-", ""), secret.replace("-", " "), json.dumps(secret)[1:-1]}
    if len(secret) >= _LONG:
        texts.add(secret[-_END:])
    plain = {text.encode() for text in texts}
    raw = {secret.encode(), secret.replace("-", "").encode()}
    forms = plain | {form for text in raw for form in (text.hex().encode(), *_base64(text))}
    return forms | (_digests(raw) if len(secret) < _SHORT else set())


def _digests(texts: set[bytes]) -> set[bytes]:
    """Of something short they are as good as itself: whoever has one tries until they know it."""
    kinds = (hashlib.md5, hashlib.sha1, hashlib.sha256)
    return {kind(text).hexdigest().encode() for kind in kinds for text in texts}


def _base64(text: bytes) -> Iterator[bytes]:
    """What the text becomes inside of something longer, wherever it begins there."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + text)
        begin, end = [0, 2, 3][before], len(whole.rstrip(b"=")) - 1
        yield whole[begin:end]
        yield whole[begin:end].translate(bytes.maketrans(b"+/", b"-_"))


def found(secrets: dict[str, str], places: dict[str, bytes]) -> list[str]:
    """Which of the secrets are where: "what in where" for each."""
    return sorted(
        f"{what} in {where}"
        for what, secret in secrets.items()
        for where, held in places.items()
        if any(form in held for form in forms_of(secret))
    )


def database() -> dict[str, bytes]:
    """All that the database holds, by table; of SQLite also its files, freed pages included."""
    places = {table: _rows(table) for table in connection.introspection.table_names()}
    sessions: list[Any] = [row.get_decoded() for row in Session.objects.all()]
    assert all(sessions), "sessions can't be read: is SECRET_KEY another?"
    places["what sessions hold"] = str(sessions).encode()
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        for path in Path(name).parent.glob(f"{Path(name).name}*"):
            places[f"the file {path.name}"] = path.read_bytes()
    return places


def _rows(table: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        return "\n".join(str(row) for row in cursor.fetchall()).encode()
