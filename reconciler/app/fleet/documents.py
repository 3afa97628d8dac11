"""What a run leaves behind for each organization: plan, result and journal, in a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.plan import ApplyResult, Plan

PLAN, RESULT, JOURNAL, USED = "plan.json", "result.json", "journal.jsonl", "used.json"
REPORT = "report.json"  # of a whole run


@dataclass(frozen=True, slots=True)
class Documents:
    """The folder for it, which is made where it is needed; without one, nothing is kept."""

    folder: Path | None = None

    def file(self, organization: str, name: str) -> str | None:
        """Return where a document of an organization belongs, None where nothing is kept."""
        return None if self.folder is None else str(self.folder / organization / name)

    def prepare(self, organization: str = "") -> None:
        """Make an organization's folder, or the one for all; raises FileError, before anything is sent."""
        if self.folder is None:
            return
        folder = self.folder / organization
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(
                f"{folder} cannot be made: {error.strerror}", "Name another folder for --out"
            ) from error

    def keep_plan(self, organization: str, plan: Plan) -> None:
        """Save a plan; raises FileError."""
        file = self.file(organization, PLAN)
        if file is not None:
            from reconciler.app import saved_files
            from reconciler.render import json_output

            saved_files.save(json_output.plan(plan), file)

    def keep_result(self, organization: str, result: ApplyResult) -> None:
        """Save the result of an apply; raises FileError."""
        file = self.file(organization, RESULT)
        if file is not None:
            from reconciler.app import saved_files
            from reconciler.render import json_output

            saved_files.save(json_output.result(result), file)
