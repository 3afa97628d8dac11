"""Whether an exception that a definition asks for counts: who has to approve it, and where that is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.finding import owners

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model import Definition, Policy

    Exceptions = Callable[[Policy, Definition], tuple[bool, str]]
    """Tells whether an exception to a policy counts, and in words why."""


def merged(base: Mapping[str, Definition] | None) -> Exceptions:
    """Return what tells by hand whether an exception counts: where it was merged, with the same reason.

    Without `base`, the definitions by id where a branch began, none does: nobody can tell who approved it.
    """

    def tell(policy: Policy, definition: Definition) -> tuple[bool, str]:
        before = (base or {}).get(definition.id)
        if before is not None and before.overrides.get(policy.id) == definition.overrides[policy.id]:
            return True, "It was merged before"
        where = ", and name by --base where" if base is None else ""
        return False, f"{_BY_HAND}. Needed: merge it, approved by {owners(policy.owners)}{where}"

    return tell


def asked_for(policy: Policy, _: Definition) -> tuple[bool, str]:
    """Take each exception for one whose approval is looked for later, by the apply."""
    return (
        True,
        f"Needed before the merge: an approving review of the newest commit by {owners(policy.owners)}",
    )


_BY_HAND = "By hand an exception counts only where it was merged before"
