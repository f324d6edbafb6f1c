"""Rows that can't be taken yet, on the disk when they are many: memory stays fixed."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile

from sis.batches import AnyRow

# Bytes that are kept in memory.
_FEW = 4_000_000


class Waiting:
    """Rows in their order, each with why it waits."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_FEW)  # noqa: SIM115 - it ends with this
        self._count = 0

    def add(self, rows: Iterable[tuple[AnyRow, str]]) -> None:
        for row in rows:
            pickle.dump(row, self._file)
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[AnyRow, str]]:
        """From the first one; nothing may be added until it is through."""
        self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)  # noqa: S301 - nobody else writes to this file
