"""What became of steps and jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step; its log is raw: nothing is masked, so that a secret in it can be found."""

    id: str | None
    name: str
    outcome: str
    conclusion: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    log: str = ""
    summary: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    steps: tuple[StepResult, ...] = ()

    def all(self) -> Iterator[StepResult]:
        """Give this step and those inside it, in the order in which they began."""
        yield self
        for step in self.steps:
            yield from step.all()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """
    One job: success, failure, cancelled or skipped, its steps, and the environment that it ended with.

    `groups` are its concurrency groups, each with whether a newer run in it cancels this one.
    """

    conclusion: str
    steps: tuple[StepResult, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[tuple[str, bool], ...] = ()

    @property
    def summary(self) -> str:
        """The job's page, as every step's summary makes it."""
        return "\n".join(step.summary for step in self._all() if step.summary)

    @property
    def log(self) -> str:
        return "".join(step.log for step in self._all())

    def step(self, name: str) -> StepResult:
        """Give the first step of that name or id."""
        return next(step for step in self._all() if name in {step.id, step.name})

    def _all(self) -> Iterator[StepResult]:
        for step in self.steps:
            yield from step.all()
