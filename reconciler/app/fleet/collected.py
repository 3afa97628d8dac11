"""What several runs left, each of a share of the organizations, put together as one report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.app import saved_files
from reconciler.app.fleet.documents import PLAN, REPORT, USED
from reconciler.errors import Diagnostic, FileError
from reconciler.plan.organization import FleetReport, OrganizationResult, report_from_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.app.fleet.selection import Selection
    from reconciler.plan import Plan
    from reconciler.plan.organization import Action


@dataclass(frozen=True, slots=True)
class Collected:
    """One report, and by organization where its documents lie."""

    report: FleetReport
    folders: Mapping[str, Path]

    def plans(self) -> dict[str, Plan]:
        """Return the saved plans by organization; raises FileError for one that was broken."""
        files = {
            one.organization: self.folders.get(one.organization, Path()) / PLAN for one in self.report.results
        }
        return {name: saved_files.read_plan(str(file)) for name, file in files.items() if file.is_file()}

    def used(self) -> dict[int, set[str]]:
        """Return what the applies have used up of each pull request's review, by its number."""
        found: dict[int, set[str]] = {}
        for folder in self.folders.values():
            if (folder / USED).is_file():
                for number, digests in saved_files.read_document(str(folder / USED)).items():
                    found.setdefault(int(number), set()).update(map(str, digests))
        return found


def collect(folder: str, action: Action, selection: Selection) -> Collected:
    """Return what is below a folder about the selected organizations; what is missing there has failed.

    Raises FileError for a report that cannot be read.
    """
    results: dict[str, OrganizationResult] = {}
    folders: dict[str, Path] = {}
    diagnostics: list[Diagnostic] = []
    for file in sorted(Path(folder).rglob(REPORT)):
        report = _read(str(file))
        diagnostics += report.diagnostics
        if report.action == action:
            results |= {one.organization: one for one in report.results}
            folders |= {one.organization: file.parent / one.organization for one in report.results}
    names = [one.name for one in selection.organizations]
    shown = tuple(results.get(name) or _lost(name, action) for name in names)
    return Collected(FleetReport(action, shown, selection.gone, tuple(dict.fromkeys(diagnostics))), folders)


def _read(file: str) -> FleetReport:
    document = saved_files.read_document(file)
    found = schema.check(document, "fleet-report", max_problems=1)
    if found or not str(document["format_version"]).startswith("1."):
        raise FileError(f"{file} is not a report on organizations", "Make it again with this version")
    return report_from_document(document)


def _lost(name: str, action: Action) -> OrganizationResult:
    """Return the result of an organization whose job left nothing: an apply may have done anything."""
    summary = "its job left no result"
    problem = Diagnostic("error", "no-result", summary, "See the log of its shard, and run that job again")
    return OrganizationResult(name, "unknown" if action == "apply" else "failed", diagnostics=(problem,))
