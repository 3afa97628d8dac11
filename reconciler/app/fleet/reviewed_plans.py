"""What was approved of many organizations: by the plans that a run of `fleet plan --out DIR` left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app import approval
from reconciler.app.fleet.documents import PLAN
from reconciler.app.fleet.engine import Job
from reconciler.errors import FileError, NotApproved

if TYPE_CHECKING:
    from reconciler.plan.organization import FleetReport


def require_folder(folder: str) -> None:
    """Raise FileError where there is no such folder."""
    if not Path(folder).is_dir():
        raise FileError(f"{folder} is not a folder", "Give the one that `reconciler fleet plan --out` wrote")


def read(folder: str, organization: str) -> Job:
    """Return the apply of an organization's reviewed plan; raises NotApproved, StalePlan and FileError."""
    file = Path(folder, organization, PLAN)
    if not file.exists():
        raise NotApproved(
            f"there is no reviewed plan of {organization} in {folder}",
            "Plan it with --out, review that, and apply it",
        )
    reviewed = approval.read(str(file), None, is_automatic=False).reviewed
    assert reviewed is not None  # noqa: S101 - a file was given
    changes = tuple(map(reviewed.digest_of, reviewed.changes))
    return Job(organization, "apply", reviewed.digest, changes)


def from_report(report: FleetReport, organization: str) -> Job:
    """Return the apply of what a report shows of an organization, once somebody has said yes to it."""
    (shown,) = (one for one in report.results if one.organization == organization)
    return Job(organization, "apply", shown.digest, shown.changes)
