"""Which organizations a command is about: by name, by what changed, and by shard."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import git_history
from reconciler.app.fleet import organizations
from reconciler.app.project import SETTINGS
from reconciler.definitions import files
from reconciler.errors import SettingsError
from reconciler.plan.organization import FOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from reconciler.app.fleet.organizations import Organization
    from reconciler.app.fleet.shards import Shard

# What every organization depends on, beside its own files.
ABOVE = (SETTINGS, "catalogue.json", "policies/")
_EXTENDS = b"extends"
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Selection:
    """The organizations of a run; `base` is the commit that they were compared with, None without.

    `gone` are those that were there then and have no folder now.
    """

    organizations: tuple[Organization, ...]
    base: str | None = None
    gone: tuple[str, ...] = ()

    @property
    def only(self) -> str | None:
        """The one organization that this is about, None where there are several."""
        return self.organizations[0].name if len(self.organizations) == 1 else None


def select(
    globs: Sequence[str] = (), changed_since: str | None = None, shard: Shard | None = None
) -> Selection:
    """Return the organizations that all conditions leave; raises SettingsError and FileError."""
    found = _matching(organizations.find(), globs)
    base, gone = None, tuple[str, ...]()
    if changed_since is not None:
        base = git_history.merge_base(changed_since, ("",))
        touched = git_history.touched(base)
        gone = tuple(one for one in _gone(touched) if _is_matched(one, globs) and _is_in(one, shard))
        found = _changed(found, touched)
    return Selection(tuple(one for one in found if _is_in(one.name, shard)), base, gone)


def _matching(found: Sequence[Organization], globs: Sequence[str]) -> Sequence[Organization]:
    for glob in globs:
        if not any(_is_matched(one.name, [glob]) for one in found):
            raise SettingsError(
                f'--org "{glob}" matches no organization', f"Give the name of a folder in {FOLDER}, or a glob"
            )
    return [one for one in found if _is_matched(one.name, globs)]


def _is_matched(name: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)


def _is_in(name: str, shard: Shard | None) -> bool:
    return shard is None or shard.holds(name)


def _changed(found: Sequence[Organization], touched: Collection[str]) -> Sequence[Organization]:
    """Return the organizations with changed files, or that depend on any that lie elsewhere."""
    if any(name.startswith(ABOVE) for name in touched):
        return found
    own = {_owner(name) for name in touched}
    pieces = {name for name in touched if files.is_definition(name)}
    return [one for one in found if one.name in own or _extends_any(one, pieces)]


def _owner(name: str) -> str | None:
    parts = Path(name).parts
    return parts[1] if len(parts) > 2 and parts[0] == FOLDER else None  # noqa: PLR2004 - orgs, its name, a file


def _gone(touched: Iterable[str]) -> Sequence[str]:
    names = {name for one in touched if (name := _owner(one)) is not None}
    return sorted(name for name in names if not Path(FOLDER, name).is_dir())


def _extends_any(organization: Organization, pieces: Collection[str]) -> bool:
    """Tell whether a definition may use one of these pieces: where it cannot be excluded, it does."""
    names = [Path(piece).name.encode() for piece in pieces if _owner(piece) != organization.name]
    if not names:
        return False
    for file in files.find(organization.paths):
        data = files.read(file, MAX_BYTES) if isinstance(file, str) else b""
        # An escape could spell the piece's name in another way.
        if isinstance(data, bytes) and _EXTENDS in data and any(name in data for name in (b"\\", *names)):
            return True
    return False
