"""What carries out the work on many organizations: in this process, or over a database on many machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from reconciler.plan.organization import Action, OrganizationResult


@dataclass(frozen=True, slots=True)
class Job:
    """The work on one organization: all that has to be handed on for it to be done elsewhere, or again.

    An apply goes on with the plan that has the reviewed `digest` or, where `changes` are given, with what is
    left of those reviewed changes, each named by its own digest. Without both, whoever runs it must have
    approved whatever there is to do.
    """

    organization: str
    action: Action
    digest: str | None = None
    changes: tuple[str, ...] | None = None


class Engine(Protocol):
    """Yields one result for each job, in the order in which they end; no job's failure ends another one.

    Once it is asked to stop it begins nothing new, and what it has not begun is `not_attempted`.
    """

    def run(self, jobs: Sequence[Job]) -> AsyncGenerator[OrganizationResult, None]: ...
