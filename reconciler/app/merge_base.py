"""The definitions where a branch began, for `--base` and for pull requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import definitions, git_history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Definition


@dataclass(frozen=True, slots=True)
class MergeBase:
    """What git had at the merge base: definitions by id, and the files that are still the same."""

    definitions: Mapping[str, Definition]
    unchanged: frozenset[str]


def read_merge_base(ref: str, paths: Sequence[str]) -> MergeBase:
    """Read the merge base of `ref` and HEAD; a file that was broken there counts as one that was not."""
    files = git_history.files(ref, paths, definitions.is_definition)
    loaded = definitions.parse(files)
    return MergeBase(
        {definition.id: definition for definition in loaded.definitions}, git_history.unchanged(files)
    )
