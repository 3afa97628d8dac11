"""The values of a plan, frozen, in JSON's own terms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from reconciler.plan import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors import Diagnostic
    from reconciler.model import Json, ListedAudience, Origin
    from reconciler.plan.finding import Finding

FORMAT_VERSION = f"{digest.FORMAT}.0"
Phase = Literal["release", "change", "activate"]
Cause = Literal["change", "drift", "both"]
PHASES: tuple[Phase, ...] = get_args(Phase)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an audience: None where it is absent on that side.

    `added` and `removed` are what a set gains and loses, and None for anything else; `names` gives the
    API's own names for ids among the values. `cause` says whose change it is, where a base was given.
    `origins` are the places of the value where it comes from a shared piece, wholly or in part.
    """

    path: str
    before: Json = None
    after: Json = None
    added: tuple[Json, ...] | None = None
    removed: tuple[Json, ...] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    cause: Cause | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """How many people are left once the filter at a path counts too; the first step is without any filter."""

    path: str
    people: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people a config matches before a change and after it, in the data of one day.

    Where that is not known, the numbers are None and `unknown` says why. `funnel` is how the filters narrow
    it down after the change, one after the other; empty where nobody asked or knows.
    """

    before: int | None = None
    after: int | None = None
    data_date: str = ""
    unknown: str = ""
    funnel: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that changed a definition last: its id, its author's name, and its day, as git has them."""

    sha: str
    author: str
    date: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one PATCH would do to one audience.

    `patch` is the body that will be sent; `before` holds the writable fields as read, which must still be
    so when it is sent; `unchanged` counts the managed fields that stay. An audience that starts with another
    config than it has takes two changes: the config, in the phase `change`, and then its status, in the phase
    `activate`, whose `before` is what the first one leaves. `owner` and `description` are the definition's,
    and `updated_at` is the API's time of the last edit. `reach` is None where nobody asked, and `commit`
    where git does not know the file as it is.
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
    owner: str = ""
    description: str = ""
    updated_at: str = ""
    reach: Reach | None = None
    commit: Commit | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A definition whose audience does not exist live."""

    id: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A defined audience that could not be read, so that nothing is planned for it; `detail` is why."""

    id: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Handover:
    """An audience that gets a file, loses it, or has it elsewhere now.

    `status` is the live one, empty where it is not live; `file` is the one that it has or, let go, had last.
    """

    id: str
    name: str
    status: str
    file: str
    file_before: str | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which audiences get a file, lose it so that they stay as they are, or have another, since a base."""

    newly_managed: tuple[Handover, ...] = ()
    no_longer_managed: tuple[Handover, ...] = ()
    moved: tuple[Handover, ...] = ()


@dataclass(frozen=True, slots=True)
class PieceEdit:
    """A shared piece that is another one since a base: how many definitions extend it, and whom it changes.

    `audiences` has an id and a name for each audience whose definition says something else by that.
    """

    file: str
    extended_by: int
    audiences: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an apply would do, and all that a reviewer sees.

    `unmanaged` are the live audiences without a definition, and `unchanged` those that are as defined;
    `volatile` paths change by themselves; `active` counts the live audiences that are active, whoever manages
    them, and `active_slots` is how many may be; `ownership` and `pieces` are known with a base only;
    `policies` are what the rules have against its audiences.
    """

    origin: str
    managed: int = 0
    changes: tuple[Change, ...] = ()
    missing: tuple[Missing, ...] = ()
    unmanaged: tuple[ListedAudience, ...] = ()
    unchanged: tuple[ListedAudience, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    targets: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    active: int = 0
    active_slots: int | None = None
    ownership: Ownership = Ownership()
    pieces: tuple[PieceEdit, ...] = ()
    policies: tuple[Finding, ...] = ()

    @property
    def errored(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def complete(self) -> bool:
        """Whether an apply of this plan would bring every definition about."""
        return not self.errored and not self.targets

    @property
    def audience_changes(self) -> tuple[Change, ...]:
        """The changes as people read them: one for each audience, in the order in which they are complete."""
        firsts = {change.id: change for change in self.changes if change.phase != "activate"}
        lasts = {change.id: change for change in self.changes}
        return tuple(
            change if (first := firsts.get(change.id, change)) is change else _joined(first, change)
            for change in self.changes
            if lasts[change.id] is change
        )

    @property
    def summary(self) -> Mapping[str, int]:
        """Numbers of audiences, however many changes one takes."""
        phases = [change.phase for change in self.changes]
        updates = len({change.id for change in self.changes})
        return {
            "managed": self.managed,
            "update": updates,
            "unchanged": self.managed - updates - len(self.missing) - len(self.unreadable),
            "missing": len(self.missing),
            "unmanaged": len(self.unmanaged),
            "activate": phases.count("activate"),
            "pause": phases.count("release"),
        }

    @property
    def digest(self) -> str | None:
        """Name the plan's content; None for a plan with an error, which nobody can approve."""
        return digest.of_plan(self)

    def digest_of(self, change: Change) -> str:
        """Name what an approval of one of the plan's changes is bound to."""
        return digest.of_change(change, self)


def _joined(first: Change, second: Change) -> Change:
    """Return one change that does both, for reading; the fields' order is that of a definition."""
    fields = sorted((*first.fields, *second.fields), key=lambda field: _READING_ORDER.get(field.path, 2))
    started = sum(field.after is not None for field in second.fields)
    return replace(
        second,
        fields=tuple(fields),
        patch={**first.patch, **second.patch},
        before=first.before,
        unchanged=max(first.unchanged - started, 0),
    )


_READING_ORDER = {"name": 0, "status": 1}
