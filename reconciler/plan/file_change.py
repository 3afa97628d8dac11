"""What one definition's file is to say otherwise, as data to show and to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.plan.model import FieldChange


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file's bytes before and after, and the fields of its audience that it sets otherwise."""

    file: str
    name: str
    before: bytes
    after: bytes
    fields: tuple[FieldChange, ...] = ()
