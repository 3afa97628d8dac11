"""The organizations of a repository: a folder each below `orgs`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.definitions import files
from reconciler.errors import DefinitionError, Diagnostic, FileError
from reconciler.plan.organization import FOLDER, key_name_of, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFINITIONS = "audiences.d"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Organization:
    """One organization, named by its folder; `problem` is why it cannot be worked on."""

    name: str
    problem: Diagnostic | None = None

    @property
    def path(self) -> str:
        return path_of(self.name)

    @property
    def paths(self) -> tuple[str, ...]:
        """Where its definitions are."""
        return (f"{self.path}/{_DEFINITIONS}",)

    @property
    def key_name(self) -> str:
        """The name of its key's variable."""
        return key_name_of(self.name)

    def require_usable(self) -> None:
        """Raise DefinitionError where it cannot be worked on."""
        if self.problem is not None:
            raise DefinitionError([self.problem])

    def count_definitions(self) -> int:
        return sum(isinstance(found, str) for found in files.find(self.paths))


def find() -> tuple[Organization, ...]:
    """Return every organization, sorted by name; raises FileError where there is no folder for them."""
    try:
        with os.scandir(FOLDER) as entries:
            found = sorted(_organizations(entries), key=lambda one: one.name)
    except OSError as error:
        hint = f"Run this where the folder {FOLDER} is, which holds a folder for each organization"
        raise FileError(f"{FOLDER} cannot be read: {error.strerror}", hint) from error
    return tuple(_apart(found))


def named(name: str) -> Organization:
    """Return an organization by its name alone, wherever its files may be read."""
    folder = Path(FOLDER, name)
    return Organization(name, _problem(name, is_link=folder.is_symlink()))


def _organizations(entries: Iterator[os.DirEntry[str]]) -> Iterator[Organization]:
    for entry in entries:
        if not entry.name.startswith(".") and entry.is_dir():
            yield Organization(files.shown(entry.name), _problem(entry.name, is_link=entry.is_symlink()))


def _problem(name: str, *, is_link: bool) -> Diagnostic | None:
    if _NAME.fullmatch(name) is None:
        return _about(
            name,
            "the folder's name cannot be an organization's",
            "Name it by at most 63 letters of ASCII, digits, - and _, as its key's variable is named",
        )
    if is_link:
        return _about(name, "is a symbolic link, which is not followed", "Put the folder itself here")
    return None


def _apart(found: list[Organization]) -> Iterator[Organization]:
    """Yield the organizations; of those whose keys would have one name, none can be worked on."""
    sharing: dict[str, list[str]] = {}
    for one in found:
        sharing.setdefault(one.key_name, []).append(one.name)
    for one in found:
        others = [name for name in sharing[one.key_name] if name != one.name]
        if others and one.problem is None:
            summary = f"its key would have the name of another organization's: {', '.join(others)}"
            yield replace(one, problem=_about(one.name, summary, "Rename one of the folders"))
        else:
            yield one


def _about(name: str, summary: str, detail: str) -> Diagnostic:
    return Diagnostic("error", "organization", summary, detail, file=files.shown(f"{FOLDER}/{name}"))
