"""Who approved a plan, and whether the plan at hand is the one that was approved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app import saved_files
from reconciler.errors import SettingsError, StalePlan

if TYPE_CHECKING:
    from reconciler.plan import Plan

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval given beforehand, by a flag, a digest or a saved plan; or none yet."""

    is_automatic: bool
    digest: str | None
    reviewed: Plan | None

    @property
    def is_given(self) -> bool:
        """Whether nobody has to be asked."""
        return self.is_automatic or self.digest is not None or self.reviewed is not None

    def require_covers(self, plan: Plan) -> None:
        """Raise StalePlan unless all that the fresh plan would do was reviewed.

        Of a saved plan that is each change by its own digest, so that what is left of it after a part was
        applied can go on. A digest alone stands for the whole plan.
        """
        if self.reviewed is not None:
            _require_reviewed(self.reviewed, plan)
        if self.digest is not None and self.digest != plan.digest:
            raise StalePlan(
                f"the plan's digest is {plan.digest}, not the reviewed {self.digest}",
                "Nothing was sent. Review the plan above, and apply it by its own digest",
            )


def read(plan_file: str | None, digest: str | None, *, is_automatic: bool) -> Approval:
    """Return the approval that the flags give.

    Raises SettingsError for a digest that is not one, FileError for a file that is not a saved plan, and
    StalePlan for a saved plan that cannot be applied.
    """
    if digest is not None and _DIGEST.fullmatch(digest) is None:
        raise SettingsError(
            "--digest is not a digest", "Copy all of it from the plan: sha256: and 64 more characters"
        )
    reviewed = None if plan_file is None else saved_files.read_plan(plan_file)
    if reviewed is not None and reviewed.digest is None:
        raise StalePlan("the saved plan has errors and cannot be applied", "Fix them and plan again")
    return Approval(is_automatic, digest, reviewed)


def _require_reviewed(reviewed: Plan, fresh: Plan) -> None:
    digests = set(map(reviewed.digest_of, reviewed.changes))
    unreviewed = {change.id for change in fresh.changes if fresh.digest_of(change) not in digests}
    if not unreviewed:
        return
    if reviewed.origin != fresh.origin:
        reason = f"it was made for {reviewed.origin}, not {fresh.origin}"
    elif reviewed.targets != fresh.targets and unreviewed.isdisjoint(one.id for one in reviewed.changes):
        reason = f"it was made {_scope(reviewed)}, not {_scope(fresh)}"
    else:
        names = [f'"{change.name}"' for change in fresh.audience_changes if change.id in unreviewed]
        reason = ", ".join(names)
    raise StalePlan(
        f"this is not the reviewed plan any more: {reason}",
        "Nothing was sent. Review the plan above, save it, and apply that one",
    )


def _scope(plan: Plan) -> str:
    return f"for --target {', '.join(plan.targets)}" if plan.targets else "for every definition"
