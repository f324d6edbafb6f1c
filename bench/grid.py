"""The permissions page beside a bare page of the same size, in one run: `python -m bench.grid`.

25 roles × all permissions that account roles can hold, every group open, 3,000 overrides in the
accounts above and there; once in the root account and once five levels down. The bare page is the
same account's frame (rights, rail, breadcrumbs) around constant text, for the same person, through
the same middleware. The two take turns in ROUNDS after one that is not counted; medians count. Ends
with 1 when the ratio or the number of queries is more than what the project promises.
"""

from __future__ import annotations

import os
import secrets
import statistics
import sys
import tempfile
import time
from typing import Any

from bench.databases import fresh_database
from bench.redeem import PRODUCTION

ROUNDS = int(os.environ.get("ROUNDS", "40"))
ROLES = 24  # and the built-in one
OVERRIDES = 3000
LEVELS = 5
PROMISED_RATIO = 3
PROMISED_QUERIES = 8

urlpatterns: list[Any] = []


def serve(static_files: str) -> None:
    """The product with one more page of an account: `bare`."""
    import django
    from django.conf import settings

    django.setup()
    settings.ROOT_URLCONF = "bench.grid"
    settings.STATIC_ROOT = static_files
    from django.core.management import call_command
    from django.http import HttpRequest, HttpResponse
    from django.template import engines
    from django.urls import path
    from django.utils.safestring import mark_safe

    from accounts.sight import account_in_sight, breadcrumbs
    from pairing_service.urls import urlpatterns as products
    from permissions.rules import MANAGE_OVERRIDES

    call_command("collectstatic", verbosity=0, interactive=False)
    page = engines["django"].from_string(
        '{% extends "base.html" %}{% block content %}{{ text }}{% endblock %}'
    )

    def bare(request: HttpRequest, account_id: int, size: int) -> HttpResponse:
        account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
        crumbs = breadcrumbs(request, account, "Bare")
        context = {"account": account, "breadcrumbs": crumbs, "text": mark_safe("x" * size)}
        return HttpResponse(page.render(context, request))

    urlpatterns[:] = [*products, path("accounts/<int:account_id>/bare/<int:size>", bare)]


def prepare() -> tuple[Any, list[Any]]:
    """The administrator, and the accounts from the root down."""
    from accounts.actions import place
    from accounts.models import Account
    from permissions.actions import create_root_account
    from permissions.catalogue import PERMISSIONS
    from permissions.models import Override, Role
    from permissions.table import bump

    admin = create_root_account(
        name="Bench", login_id="bench", password=secrets.token_hex(), self_registration="observer",
        domain=None,
    )  # fmt: skip
    chain = [admin.root_account]
    for n in range(1, LEVELS):
        below = Account.objects.create(name=f"Level {n}", parent=chain[-1], root_account=chain[0])
        place(below, chain[-1])
        chain.append(below)
    roles = [
        Role.objects.create(
            root_account=chain[0],
            account=chain[0],
            label=f"Role {n}",
            base_role="AccountMembership",
        )
        for n in range(ROLES)
    ]
    places = [(a, r, key) for key in PERMISSIONS for r in roles for a in chain]
    step = len(places) // OVERRIDES
    Override.objects.bulk_create(
        Override(
            root_account=chain[0], account=account, role=role, permission=key, enabled=n % 3 > 0,
            locked=n % 50 == 0, applies_to_self=n % 7 > 0,
        )
        for n, (account, role, key) in enumerate(places[:: step or 1][:OVERRIDES])
    )  # fmt: skip
    bump(chain[0])
    return admin, chain


def main() -> None:
    os.environ |= PRODUCTION
    with fresh_database(), tempfile.TemporaryDirectory() as folder:
        serve(folder)
        from django.test import Client

        admin, chain = prepare()
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(admin, backend="accounts.signin.TenantBackend")
        good = [
            _measure(client, "root account", chain[0]),
            _measure(client, "five down", chain[-1]),
        ]
    sys.exit(not all(good))


def _measure(client: Any, name: str, account: Any) -> bool:
    url = f"/accounts/{account.pk}/permissions?kind=account&show=all&open=all"
    page, queries = _get(client, url)
    cells = page.count(b'<a class="cell ')
    frame, _ = _get(client, f"/accounts/{account.pk}/bare/0")
    bare_url = f"/accounts/{account.pk}/bare/{len(page) - len(frame)}"
    _, queries = _get(client, url)
    rounds = [(_time(client, url), _time(client, bare_url)) for _ in range(ROUNDS + 1)][1:]
    ours, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(a / b for a, b in rounds)
    print(f"permissions page, {name}: {cells} cells, {len(page) // 1000} kB in {ours * 1000:.1f} ms,"
          f" a bare page of that size {bare * 1000:.1f} ms")  # fmt: skip
    print(f"  times a bare page {ratio:.2f} (at most {PROMISED_RATIO});"
          f" queries {queries} (at most {PROMISED_QUERIES})")  # fmt: skip
    return ratio <= PROMISED_RATIO and queries <= PROMISED_QUERIES


def _get(client: Any, url: str) -> tuple[bytes, int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200, response.status_code
    return response.content, len(queries)


def _time(client: Any, url: str) -> float:
    start = time.perf_counter()
    client.get(url)
    return time.perf_counter() - start


if __name__ == "__main__":
    from bench import grid  # the one that ROOT_URLCONF names, not __main__

    grid.main()
