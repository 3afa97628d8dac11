"""What the changes of one run share: its client, why it may end, and reads that every decision rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reconciler.api import audiences
from reconciler.api.client import RETRYABLE
from reconciler.apply.response_effect import ends_the_run
from reconciler.errors import ApiError, ApiRejected, ApiUnreachable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Mapping

    from reconciler.api.client import WriteClient
    from reconciler.model import Audience, Json, Path, Rules


class Shared(Protocol):
    """What one change needs of the run that it belongs to.

    `writing` is held from before a change is compared until its PATCH has a response. `lasting_unmet` are the
    paths at which the API was seen to hold something else than it was asked for.
    """

    client: WriteClient
    writing: asyncio.Semaphore
    rules: Rules
    slots_are_full: bool
    lasting_unmet: set[Path]

    @property
    def halt(self) -> str: ...

    def end(self, reason: str) -> None: ...

    def record(self, record: Mapping[str, Json]) -> bool: ...


async def read_afresh(run: Shared, audience_id: str, needed: Collection[str]) -> Audience | None:
    """Read an audience, None where it does not exist; raises ApiError, and ends the run where all would.

    Of its fields, those that are `needed` must be readable.
    """
    try:
        return await audiences.fetch_one(run.client, audience_id, run.rules, needed)
    except ApiRejected as error:
        if ends_the_run(error.status):
            run.end(error.summary)
        raise


def may_pass(error: ApiError) -> bool:
    """Return whether another read may fare better than one that failed so."""
    return isinstance(error, ApiUnreachable) or (isinstance(error, ApiRejected) and error.status in RETRYABLE)
