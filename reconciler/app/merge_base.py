"""What git had before a change: at a branch's merge base, or before a merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import definitions, git_history
from reconciler.app import catalogue, settings
from reconciler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Definition
    from reconciler.plan import Limits


@dataclass(frozen=True, slots=True)
class MergeBase:
    """The definitions by id, the limits, and the files that are still the same.

    The guards of a change are these limits and the definitions' protection: what it lifts of them counts from
    the next change on. `limits` is None where the settings could not be used.
    """

    definitions: Mapping[str, Definition]
    limits: Limits | None
    unchanged: frozenset[str]


def read_merge_base(ref: str, paths: Sequence[str]) -> MergeBase:
    """Read the merge base of `ref` and HEAD; raises FileError where git cannot tell."""
    return read_commit(git_history.merge_base(ref, paths), paths)


def read_commit(commit: str, paths: Sequence[str]) -> MergeBase:
    """Read a commit, definitions by the catalogue that it has; one that was broken there counts as none.

    Raises FileError.
    """
    files = git_history.files(commit, paths, definitions.is_definition)
    found = definitions.parse(files, catalogue.read_commit(commit, paths)).definitions
    try:
        limits = settings.limits_at(commit, paths)
    except SettingsError:  # nothing could be applied there
        limits = None
    return MergeBase({one.id: one for one in found}, limits, git_history.unchanged(files))
