"""Where a project's own files lie: beside its settings, which are beside its folder of definitions."""

from __future__ import annotations

import os
from pathlib import Path

SETTINGS = "reconciler.toml"
CATALOGUE = "catalogue.json"
CATALOGUE_SCHEMA = "catalogue.schema.json"
PIECE_SCHEMA = "catalogue-piece.schema.json"  # written where definitions extend shared pieces
SCHEMA = Path("schemas", "audience.schema.json")
_FOLDER = "audiences.d"


def root(path: Path) -> Path:
    """Return the folder that a folder of definitions belongs to.

    It is the nearest one above with settings or a catalogue, within the repository; where there is none, the
    one that holds the outermost folder called audiences.d, or that holds the folder itself.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    for folder in folders(path):
        if any(os.path.lexists(folder / name) for name in (SETTINGS, CATALOGUE)):
            return folder
    named = [folder for folder in (absolute, *absolute.parents) if folder.name == _FOLDER]
    return (named[-1] if named else absolute).parent


def folders(path: Path) -> list[Path]:
    """Return the folders that a folder of definitions may belong to, the nearest first."""
    found: list[Path] = []
    for folder in Path(os.path.abspath(path)).parents:  # noqa: PTH100 - as above
        found.append(folder)
        if os.path.lexists(folder / ".git"):
            break
    return found


def schema_for(folder: Path) -> str:
    """Return the place of the editors' schema as seen from files in a folder.

    It is the one with the organization's own values, or this project's plain one; where there is neither, the
    place where `catalogue update` writes the first.
    """
    base = root(folder)
    choices = [base / CATALOGUE_SCHEMA, base / SCHEMA]
    chosen = next((file for file in choices if file.is_file()), choices[0])
    return Path(os.path.relpath(chosen, folder)).as_posix()
