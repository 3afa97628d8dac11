"""Who approved a plan, and whether the plan at hand is the one that was approved."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app import saved_files
from reconciler.cli import output
from reconciler.errors import NotApproved, SettingsError, StalePlan

if TYPE_CHECKING:
    from reconciler.plan import Plan

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval given beforehand, or a person at a terminal who can be asked."""

    is_automatic: bool
    digest: str | None
    reviewed: Plan | None

    def hold(self, plan: Plan) -> None:
        """Raise StalePlan unless the fresh plan is the reviewed one."""
        if self.reviewed is not None and self.reviewed.digest != plan.digest:
            raise StalePlan(
                f"this is not the reviewed plan any more: {_moved(self.reviewed, plan)}",
                "Nothing was sent. Review the plan above, save it, and apply that one",
            )
        if self.digest is not None and self.digest != plan.digest:
            raise StalePlan(
                f"the plan's digest is {plan.digest}, not the reviewed {self.digest}",
                "Nothing was sent. Review the plan above, and apply it by its own digest",
            )

    def ask(self, plan: Plan) -> None:
        """Ask where nobody approved beforehand; raises NotApproved for anything but `yes`."""
        if self.is_automatic or self.digest is not None or self.reviewed is not None:
            return
        count = len(plan.changes)
        noun = "audience" if count == 1 else "audiences"
        answer = ""
        try:
            output.write(f"\nChange {count} {noun}? Only `yes` is a yes: ", sys.stderr)
            answer = sys.stdin.readline()
        finally:
            if not answer.endswith("\n"):  # what comes next begins a line of its own
                output.write("\n", sys.stderr)
        if answer != "yes\n":
            raise NotApproved("not approved", "Nothing was sent")


def read(plan_file: str | None, digest: str | None, *, is_automatic: bool) -> Approval:
    """Return the approval; raises NotApproved where there is none and nobody to ask."""
    if digest is not None and _DIGEST.fullmatch(digest) is None:
        raise SettingsError(
            "--digest is no digest", "Copy all of it from the plan: sha256: and 64 more characters"
        )
    can_ask = sys.stdin.isatty() and sys.stderr.isatty()
    if not is_automatic and digest is None and plan_file is None and not can_ask:
        raise NotApproved(
            "nobody can be asked: this is not a terminal",
            "Give --plan FILE or --digest DIGEST of a reviewed plan, or --auto-approve",
        )
    reviewed = None if plan_file is None else saved_files.read_plan(plan_file)
    if reviewed is not None and reviewed.digest is None:
        raise StalePlan("the saved plan has errors and cannot be applied", "Mend them and plan again")
    return Approval(is_automatic, digest, reviewed)


def _moved(reviewed: Plan, fresh: Plan) -> str:
    """Name what differs between two plans, so that a person knows where to look."""
    if reviewed.origin != fresh.origin:
        return f"it was made for {reviewed.origin}, not {fresh.origin}"
    if reviewed.targets != fresh.targets:
        return f"it was made {_scope(reviewed)}, not {_scope(fresh)}"
    before, after = (
        {change.id: (change, plan.reviewed(change)) for change in plan.changes} for plan in (reviewed, fresh)
    )
    moved = [
        (after.get(one) or before[one])[0].name
        for one in dict.fromkeys([*before, *after])
        if before.get(one, _NONE)[1] != after.get(one, _NONE)[1]
    ]
    return ", ".join(f'"{name}"' for name in moved) if moved else "other audiences than those that change"


def _scope(plan: Plan) -> str:
    return f"for --target {', '.join(plan.targets)}" if plan.targets else "for every definition"


_NONE = (None, None)
