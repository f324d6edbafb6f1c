"""`manage.py worker`: what is done in the background, rosters above all."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sis.working import Worker


class Command(BaseCommand):
    help = """Import uploaded rosters, one after the other per tenant. `./serve` starts one.

As many as you like may run, on any machine that reaches the database and SIS_UPLOADS. Told to end
(SIGTERM, Ctrl-C), it finishes the batch that it is at and hands the import back; killed, the import
is begun anew by the next one within a minute."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until-idle", action="store_true", help="end when there is nothing to do"
        )
        parser.add_argument(
            "--interval", type=float, default=1, help="seconds between two looks for work"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # With it, Django would keep every statement, so the memory would grow with the files.
        settings.DEBUG = False
        worker = Worker(interval=options["interval"], until_idle=options["until_idle"])
        worker.configure_signals()
        worker.run()
