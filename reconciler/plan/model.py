"""The values of a plan, frozen, in JSON's own terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from reconciler.plan import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors import Diagnostic
    from reconciler.model import Json, ListedAudience

FORMAT_VERSION = f"{digest.FORMAT}.0"
Phase = Literal["release", "change", "activate"]
Cause = Literal["change", "drift", "both"]
PHASES: tuple[Phase, ...] = get_args(Phase)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an audience: None where it is absent on that side.

    `added` and `removed` are what a set gains and loses, and None for anything else; `names` gives the
    API's own names for ids among the values. `cause` says whose change it is, where a base was given.
    """

    path: str
    before: Json = None
    after: Json = None
    added: tuple[Json, ...] | None = None
    removed: tuple[Json, ...] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What one PATCH would do to one audience.

    `patch` is the body that will be sent; `before` holds the writable fields as read, which must still be
    so when it is sent; `unchanged` counts the managed fields that stay.
    """

    id: str
    name: str
    file: str
    line: int
    phase: Phase
    fields: tuple[FieldChange, ...]
    patch: Mapping[str, Json]
    before: Mapping[str, Json]
    unchanged: int = 0
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A definition whose audience does not exist live."""

    id: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an apply would do, and all that a reviewer sees.

    `unmanaged` are the live audiences without a definition; `volatile` paths change by themselves.
    """

    origin: str
    managed: int = 0
    changes: tuple[Change, ...] = ()
    missing: tuple[Missing, ...] = ()
    unmanaged: tuple[ListedAudience, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    targets: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()

    @property
    def errored(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def complete(self) -> bool:
        """Whether an apply of this plan would bring every definition about."""
        return not self.errored and not self.targets

    @property
    def summary(self) -> Mapping[str, int]:
        phases = [change.phase for change in self.changes]
        return {
            "managed": self.managed,
            "update": len(self.changes),
            "unchanged": self.managed - len(self.changes) - len(self.missing),
            "missing": len(self.missing),
            "unmanaged": len(self.unmanaged),
            "activate": phases.count("activate"),
            "pause": phases.count("release"),
        }

    @property
    def digest(self) -> str | None:
        """Name the plan's content; None for a plan with an error, which nobody can approve."""
        return digest.of_plan(self)
