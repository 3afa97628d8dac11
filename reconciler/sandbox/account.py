"""The account that a key belongs to: its health, its credits and its slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.record import seed

if TYPE_CHECKING:
    from reconciler.sandbox.record import Generation


def account(active: int, slots: int, generation: Generation) -> dict[str, Any]:
    """Return the data of the account route's response, given how many audiences are active.

    The vendor's newer pages speak of slots and do not document their key: this one is made up, and only the
    second generation has it.
    """
    data: dict[str, Any] = {"healthy": True, **seed()["account"]}
    if generation != 1:
        data["intentAudienceSlots"] = {"used": active, "limit": slots, "remaining": max(0, slots - active)}
    return data
