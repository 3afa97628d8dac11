"""The way back: what audiences had before an apply, put into the definitions' files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import diff, schema
from reconciler.api import documents
from reconciler.app import planning, rewriting
from reconciler.app.rewriting import Rewriting
from reconciler.errors import DefinitionError, Diagnostic, FileError
from reconciler.model import dotted
from reconciler.plan import ApplyResult, Plan
from reconciler.plan.build import field_change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.api.audiences import LiveState
    from reconciler.diff import Difference
    from reconciler.model import Audience, Catalogue, Definition, Fields, Json, Path, Rules
    from reconciler.plan import Outcome
    from reconciler.plan.file_change import FileChange

CHANGED_SINCE = "changed-since"
_BY_LIVE: tuple[Outcome, ...] = ("failed", "unknown")  # what became of it is for a fresh read to say


@dataclass(frozen=True, slots=True)
class Applied:
    """One audience of a saved plan or result: what it had, what was to be written, and how that ended.

    `outcome` is None in a plan; `before` and `patch` are None in a result of an older version.
    """

    id: str
    name: str
    before: Mapping[str, Json] | None
    patch: Mapping[str, Json] | None
    outcome: Outcome | None = None
    is_written: bool = True


def applied(saved: Plan | ApplyResult) -> tuple[Applied, ...]:
    """Return the audiences that a saved plan or result is about, each once."""
    if isinstance(saved, Plan):
        return tuple(Applied(one.id, one.name, one.before, one.patch) for one in saved.audience_changes)
    return tuple(
        Applied(one.id, one.name, one.before, one.patch, one.outcome, one.is_written) for one in saved.results
    )


def chosen(
    saved: Sequence[Applied], definitions: Sequence[Definition], names: Sequence[str]
) -> tuple[Sequence[Definition], tuple[Diagnostic, ...]]:
    """Return the definitions of the audiences that are meant, and an error for each that has none.

    Raises SettingsError for a name that is none of theirs.
    """
    ids = {one.id for one in saved}
    owned = [definition for definition in definitions if definition.id in ids]
    if names:
        return planning.targeted(owned, names, ""), ()
    lost = ids - {definition.id for definition in owned}
    return owned, tuple(_unowned(one) for one in saved if one.id in lost)


def _unowned(one: Applied) -> Diagnostic:
    summary = f'no definition owns audience {one.id} ("{one.name}") any more'
    return Diagnostic("error", "no-definition", summary, "Bring its file back from git, and restore again")


def restore(
    definitions: Sequence[Definition],
    live: LiveState,
    saved: Sequence[Applied],
    catalogue: Catalogue | None,
    *,
    is_forced: bool,
) -> Rewriting:
    """Return the changes of files after which they say what these audiences had before the apply.

    An audience that somebody changed since is refused unless that is forced.
    """
    ones, rules = {one.id: one for one in saved}, schema.rules(catalogue)
    changes: list[FileChange] = []
    found: list[Diagnostic] = []
    for definition in definitions:
        audience = live.audiences.get(definition.id)
        way = _WayBack(definition, ones[definition.id], audience, rules, catalogue)
        try:
            changes += way.changes(is_forced=is_forced)
        except (FileError, DefinitionError) as error:
            found += rewriting.attempted(definition, error)
        found += way.notes
    errors = [one for one in found if one.is_error]
    is_refused = bool(errors) and all(one.code == CHANGED_SINCE for one in errors)
    return Rewriting(tuple(changes), tuple(found), is_refused=is_refused)


class _WayBack:
    """What one audience takes; `notes` is what people should know of it, as diagnostics."""

    def __init__(
        self,
        definition: Definition,
        saved: Applied,
        live: Audience | None,
        rules: Rules,
        catalogue: Catalogue | None,
    ) -> None:
        self.notes: list[Diagnostic] = []
        self._definition = definition
        self._saved = saved
        self._live = live
        self._rules = rules
        self._catalogue = catalogue

    def changes(self, *, is_forced: bool) -> Iterator[FileChange]:
        """Yield the change of the file, if it takes one; raises FileError or DefinitionError."""
        saved, rules = self._saved, self._rules
        if not saved.is_written and saved.outcome not in _BY_LIVE:
            if saved.outcome != "unchanged":
                self._warn("not-applied", f"was not applied ({_worded(saved.outcome)})", "Its file is left")
            return
        before, after = self._sides()
        written = diff.compare(before, after, rules)
        if self._may_go_back(before, after, written, is_forced=is_forced):
            yield from self._change(before, {one.path for one in written})

    def _sides(self) -> tuple[Fields, Fields]:
        """Return the fields before the apply, and as it was to leave them."""
        if self._saved.before is None or self._saved.patch is None:
            raise FileError(
                "this result does not say what was before", "Restore from the plan that was applied"
            )
        document = {**self._saved.before}
        before = documents.audience(self._saved.id, document, "before", self._rules, {})
        after = documents.audience(
            self._saved.id, {**document, **self._saved.patch}, "patch", self._rules, {}
        )
        for odd in (*before.unreadable.values(), *after.unreadable.values()):
            raise FileError(odd, "The saved file was edited: name another one")
        return before.fields, after.fields

    def _may_go_back(
        self, before: Fields, after: Fields, written: Sequence[Difference], *, is_forced: bool
    ) -> bool:
        """Decide by what is live now; raises FileError where it cannot be read."""
        if self._live is None:
            raise FileError("does not exist in this organization", "There is nothing to go back to")
        for problem in self._live.unreadable.values():
            raise FileError(f"cannot be read: {problem}", "Save it in the dashboard again")
        live = self._live.fields
        unlike_before = {one.path for one in diff.compare(before, live, self._rules)}
        unlike_after = {one.path: one for one in diff.compare(after, live, self._rules)}
        moved = [
            dotted(path)
            for path, one in unlike_after.items()
            if path in unlike_before and not self._moves_by_itself(one)
        ]
        if moved and not is_forced:
            self._refuse(moved)
            return False
        stored = [dotted(one.path) for one in written if one.path not in unlike_after]
        if not moved and not stored and not is_forced:
            self._warn(
                "not-applied", "is live as it was before", "Its file is left; --force takes it all the same"
            )
            return False
        if self._saved.outcome in _BY_LIVE:
            has = f"live has of it: {', '.join(stored) or 'nothing'}"
            summary = f"the apply ended as {self._saved.outcome}, and {has}"
            self._warn("decided-by-live", summary, "The file takes what was before")
        return True

    def _moves_by_itself(self, one: Difference) -> bool:
        """Return whether a value is nobody's edit: a volatile one, or one that the API filled in."""
        rule = self._rules.get(one.path)
        return rule is not None and (rule.is_volatile or (rule.is_carried_over and one.before is None))

    def _change(self, before: Fields, written: Collection[Path]) -> Iterator[FileChange]:
        definition, rules = self._definition, self._rules
        there = [one for one in diff.compare(definition.fields, before, rules) if one.path in written]
        taken = [one for one in there if self._can_be_said(one)]
        if not taken:
            return
        audience = self._live
        assert audience is not None  # noqa: S101 - read before this
        fields = [field_change(one, audience) for one in taken]
        change, restored = rewriting.rewrite(definition, fields, rules, self._catalogue)
        still = {one.path for one in diff.compare(restored.fields, before, rules)}
        if unmet := sorted(dotted(one.path) for one in taken if one.path in still):
            raise FileError(f"{', '.join(unmet)} would not be as before", "Edit the file by hand")
        yield change

    def _can_be_said(self, one: Difference) -> bool:
        """Return whether a file can bring a field back, and note where it cannot."""
        rule, path = self._rules.get(one.path), dotted(one.path)
        if path in self._definition.ignore:
            self._warn("ignored-path", f"{path} is in lifecycle.ignore", "It stays as it is live")
        elif rule is not None and one.after is None and (rule.is_carried_over or len(one.path) == 1):
            summary = f"{path} had no value before, which no definition can bring back"
            self._warn(
                "not-expressible", summary, "It stays as it is; change it in the dashboard if it matters"
            )
        elif rule is not None:
            return True
        return False

    def _refuse(self, moved: Sequence[str]) -> None:
        summary = f"somebody changed it since: {', '.join(moved)}"
        hint = "Look at it with `reconciler plan`; --force takes what was before all the same"
        self.notes.append(rewriting.at(self._definition, "error", CHANGED_SINCE, summary, hint))

    def _warn(self, code: str, summary: str, detail: str) -> None:
        self.notes.append(rewriting.at(self._definition, "warning", code, summary, detail))


def _worded(outcome: Outcome | None) -> str:
    return (outcome or "").replace("_", " ")
