"""Policies: where they lie, and the rules in them, of the checkout or of a commit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.errors import DefinitionError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions import Checked
    from reconciler.model import Catalogue, Policy
    from reconciler.model import Path as FieldPath
    from reconciler.plan.policy import Rule

FOLDER = "policies"
_DEFINITIONS = "audiences.d"


def load(paths: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules for definitions; raises DefinitionError with every problem of every policy."""
    found = _read(paths)
    if found is None:
        return ()
    if found.diagnostics:
        raise DefinitionError(found.diagnostics)
    return found.rules


def load_at(commit: str, paths: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules that git had at a commit, without those that could not be used; raises FileError.

    No rule is dropped for a field that nobody knows any more: a change must not lift it by the catalogue.
    """
    from reconciler import definitions, git_history

    files = git_history.files(commit, _places(paths), definitions.is_definition)
    return _compiled(tuple(files.items()), None).rules if files else ()


def check(paths: Sequence[str], known: Catalogue | None = None) -> Checked:
    """Find every problem of definitions and policies, and what these say of the files without a plan."""
    from reconciler import definitions

    found = _read(paths)
    if found is None:
        return definitions.check(paths, known)
    from reconciler.plan import policy

    loaded = definitions.load(paths, known)
    diagnostics = [*loaded.diagnostics, *found.diagnostics]
    carried_over = [path for path, rule in schema.rules().items() if rule.is_carried_over]
    diagnostics += policy.problems(found.rules, loaded.definitions, carried_over)
    if not found.diagnostics:
        diagnostics += policy.unknown({rule.policy.id for rule in found.rules}, loaded.definitions)
    return definitions.Checked(len(loaded.definitions), tuple(sorted(diagnostics, key=_place)))


def _place(one: Diagnostic) -> tuple[str, int, int, str]:
    return one.file or "", one.line or 0, one.column or 0, one.summary


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules that can be used, and every problem of every file."""

    rules: tuple[Rule, ...]
    diagnostics: tuple[Diagnostic, ...]


def _read(paths: Sequence[str]) -> _Rules | None:
    """Read the policies for definitions, None where there is no folder of them."""
    folders = list(filter(os.path.lexists, _places(paths)))
    if not folders:
        return None
    from reconciler.app import catalogue
    from reconciler.definitions import files, policies

    found: list[tuple[str, bytes]] = []
    problems: list[Diagnostic] = []
    for entry in files.find(folders):
        data = entry if isinstance(entry, Diagnostic) else files.read(entry, policies.MAX_BYTES + 1)
        if not isinstance(data, Diagnostic):
            found.append((files.shown(str(entry)), data))
        elif data.code != "no-definitions":
            problems.append(data)
    parsed = _compiled(tuple(found), tuple(schema.rules(catalogue.read(paths))))
    return _Rules(parsed.rules, (*problems, *parsed.diagnostics))


@lru_cache(maxsize=100)
def _compiled(files: tuple[tuple[str, bytes], ...], paths: tuple[FieldPath, ...] | None) -> _Rules:
    """Return the rules in files: organizations that share their policies compile them once."""
    from reconciler.definitions import policies

    parsed = policies.parse(dict(files), paths)
    return _Rules(compiled(parsed.policies), parsed.diagnostics)


def compiled(policies: Sequence[Policy]) -> tuple[Rule, ...]:
    """Return policies as rules that can be asked."""
    from reconciler.plan.policy import Rule
    from reconciler.schema import conditions

    return tuple(
        Rule(
            policy=one,
            when=None if one.when is None else conditions.compiled(one.when),
            require=conditions.compiled(one.require),
            when_fields=conditions.spoken_of(one.when),
            require_fields=conditions.spoken_of(one.require),
        )
        for one in policies
    )


def _places(paths: Sequence[str]) -> list[str]:
    """Return where policies may lie: in any folder above the definitions, up to the top of their repository.

    Outside of a repository that is the nearest one alone.
    """
    found = [os.path.relpath(folder / FOLDER) for path in paths for folder in _above(path)]
    return list(dict.fromkeys(found))


def _above(path: str) -> Iterator[Path]:
    folders: list[Path] = []
    for folder in Path(os.path.abspath(path)).parents:  # noqa: PTH100 - resolve() would follow links
        folders.append(folder)
        if folder.name == _DEFINITIONS:  # what lies below is a definition, whatever its folder is called
            folders.clear()
        if os.path.exists(folder / ".git"):  # noqa: PTH110 - never raises
            yield from folders
            return
    yield from [folder for folder in folders if os.path.lexists(folder / FOLDER)][:1]
