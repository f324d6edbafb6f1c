"""What a run did: changes per kind, and every row or file that it did not take."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Enough to repair a roster by; a file in which every row is wrong must not fill the memory.
MOST_PROBLEMS = 10_000


class Place(NamedTuple):
    """Where a row stands."""

    file: str
    line: int


class Problem(NamedTuple):
    """A row, (without a line) a file or (without either) all of them, and what is the matter."""

    file: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        if not self.file:
            return self.reason
        where = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{where}: {self.reason}"


def problem_at(place: Place, reason: str) -> Problem:
    return Problem(place.file, place.line, reason)


@dataclass
class Outcome:
    """What came of some rows. Those of a batch are added up only when it is committed."""

    changes: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Rows that changed something, or found it as they want it."""
        return self.changes.total() + self.unchanged


class Report:
    """The sum over all batches of all files."""

    def __init__(self, kinds: list[str]) -> None:
        self.changes: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
        self.taken = Counter[str]()
        self.unchanged = 0
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.refused_files = 0
        self.has_no_file = False
        self._more = Counter[str]()

    def add(self, kind: str, outcome: Outcome) -> None:
        self.changes[kind] += outcome.changes
        self.unchanged += outcome.unchanged
        self.taken[kind] += outcome.taken
        for problem in outcome.errors:
            self.error(problem)
        for problem in outcome.warnings:
            self.warn(problem)

    def error(self, problem: Problem) -> None:
        self._keep(self.errors, "errors", problem)

    def warn(self, problem: Problem) -> None:
        self._keep(self.warnings, "warnings", problem)

    def refuse_file(self, problem: Problem) -> None:
        """The whole file was not taken."""
        self.refused_files += 1
        self.error(problem)

    def find_no_file(self) -> None:
        """Nothing was given, or zips of nothing."""
        self.has_no_file = True
        self.error(Problem("", None, "There is no file in it."))

    def _keep(self, kept: list[Problem], name: str, problem: Problem) -> None:
        if len(kept) < MOST_PROBLEMS:
            kept.append(problem)
        else:
            self._more[name] += 1

    @property
    def total_changes(self) -> int:
        return sum(counts.total() for counts in self.changes.values())

    @property
    def error_count(self) -> int:
        return len(self.errors) + self._more["errors"]

    def counts(self) -> dict[str, Any]:
        """Numbers only: what the event of the run keeps."""
        return {
            "changes": {
                kind: {verb: counts[verb] for verb in ("created", "updated", "deleted")}
                for kind, counts in self.changes.items()
            },
            "unchanged": self.unchanged,
            "error_count": self.error_count,
            "warning_count": len(self.warnings) + self._more["warnings"],
        }

    def as_json(self) -> dict[str, Any]:
        return self.counts() | {
            "errors": [problem._asdict() for problem in sorted(self.errors, key=_by_place)],
            "warnings": [problem._asdict() for problem in sorted(self.warnings, key=_by_place)],
        }

    def sorted_problems(self) -> list[Problem]:
        return sorted([*self.errors, *self.warnings], key=_by_place)


def _by_place(problem: Problem) -> tuple[str, int]:
    return problem.file, problem.line or 0
