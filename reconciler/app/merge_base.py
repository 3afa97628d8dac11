"""What git had before a change: at a branch's merge base, or before a merge."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import definitions, git_history
from reconciler.app import catalogue, settings
from reconciler.errors import Diagnostic, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Definition
    from reconciler.plan import Limits


@dataclass(frozen=True, slots=True)
class MergeBase:
    """The definitions by id, the limits, the files that still say the same, and the pieces that do not.

    The guards of a change are these limits and the definitions' protection: what it lifts of them counts from
    the next change on. `limits` is None where the settings could not be used.
    """

    definitions: Mapping[str, Definition]
    limits: Limits | None
    unchanged: frozenset[str]
    edited_pieces: frozenset[str] = frozenset()


def read_merge_base(ref: str, paths: Sequence[str]) -> MergeBase:
    """Read the merge base of `ref` and HEAD; raises FileError where git cannot tell."""
    return read_commit(git_history.merge_base(ref, paths), paths)


def read_commit(commit: str, paths: Sequence[str]) -> MergeBase:
    """Read a commit, definitions by the catalogue that it has; one that was broken there counts as none.

    Raises FileError.
    """
    files, pieces = git_history.files(commit, paths, definitions.is_definition), _PiecesAt(commit)
    found = definitions.parse(files, catalogue.read_commit(commit, paths), pieces.read).definitions
    try:
        limits = settings.limits_at(commit, paths)
    except SettingsError:  # nothing could be applied there
        limits = None
    edited = frozenset(one.extends for one in found if one.extends and pieces.is_edited(one.extends))
    unchanged = git_history.unchanged(files) - {one.file for one in found if one.extends in edited}
    return MergeBase({one.id: one for one in found}, limits, unchanged, edited)


class _PiecesAt:
    """Shared pieces as git had them at a commit, and whether they still are so."""

    def __init__(self, commit: str) -> None:
        self._commit = commit
        self._found: dict[str, bytes] = {}

    def read(self, root: str, name: str) -> bytes | Diagnostic:
        data = git_history.file(self._commit, root, name)
        if data is None:
            return Diagnostic("error", "unreadable", "there is no such file or folder")
        self._found[str(Path(root, name))] = data
        return data

    def is_edited(self, file: str) -> bool:
        path = os.path.abspath(file)  # noqa: PTH100 - resolve() would follow links
        return not git_history.unchanged({path: self._found[path]}) if path in self._found else False
