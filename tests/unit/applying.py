"""An organization behind the peer, and applies of changes to it, for the tests of reads and writes."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler import schema
from reconciler.api import audiences
from reconciler.api.client import ReadClient, WriteClient
from reconciler.api.connection import Connection, Timing
from reconciler.apply import Stop, execute
from reconciler.model import Definition, normalise
from reconciler.plan import AudienceResult, Limits, Plan
from reconciler.plan.build import build
from reconciler.secret import Secret
from tests.doubles.peer import Fault, Peer
from tests.unit.virtual_time import Simulation, VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence

    from reconciler.apply.run import Recorder

KEY = "sk_test"
ROUTE = "/v1/intent/audiences"
TIMING = Timing(first_backoff=0.01, max_backoff=0.04)
CONFIG = {"topicIds": [117805, 117890], "minScore": 60, "filters": {"seniority": ["vp"], "gender": "f"}}

Audience = dict[str, Any]
Host = str | Simulation
T = TypeVar("T")


def ident(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


A, B, C, D = (ident(number) for number in range(1, 5))


def audience(number: int, status: str = "paused", **fields: Any) -> Audience:
    return {"id": ident(number), "name": f"Audience {number}", "status": status} | deepcopy(
        {"config": CONFIG} | fields
    )


def live_audiences(count: int = 4, status: str = "paused") -> list[Audience]:
    return [audience(number, status) for number in range(1, count + 1)]


@contextmanager
def serving(
    *faults: Fault, holds: Sequence[Audience] | None = None, **options: Any
) -> Iterator[tuple[Peer, str]]:
    """Run a peer with these faults, and give it and its origin."""
    peer = Peer(live_audiences() if holds is None else holds, key=options.pop("key", KEY), **options)
    peer.inject(*faults)
    with peer.running() as url:
        yield peer, url


def simulated(
    *faults: Fault, holds: Sequence[Audience] | None = None, **options: Any
) -> tuple[Peer, Simulation]:
    """Give a peer with these faults in virtual time."""
    peer = Peer(live_audiences() if holds is None else holds, key=KEY, **options)
    peer.inject(*faults)
    return peer, Simulation(peer)


def run(host: Host, work: Coroutine[Any, Any, T]) -> T:
    """Run in real time against a socket, and in virtual time against a simulation."""
    with asyncio.Runner(loop_factory=VirtualLoop if isinstance(host, Simulation) else None) as runner:
        result = runner.run(work)
        if isinstance(host, Simulation):
            host.elapsed = round(runner.get_loop().time(), 6)
        return result


def connection(host: Host, waits: Mapping[str, float], key: str = KEY) -> Connection:
    """Connect with backoffs that are short, or these waits."""
    app = host.app if isinstance(host, Simulation) else None
    # One of the waits is a count.
    return Connection(str(host), Secret(key), replace(TIMING, **waits), app)  # type: ignore[arg-type]


def definition(audience_id: str, **fields: Any) -> Definition:
    values = normalise(fields, schema.rules())
    assert isinstance(values, dict)
    return Definition(audience_id, fields.get("name", "?"), "audiences.d/x.yaml", 1, 1, values)


async def planned(host: Host, definitions: Sequence[Definition]) -> Plan:
    """Plan as the command line does, by what the peer holds now."""
    rules = schema.rules()
    async with ReadClient(connection(host, {})) as reader:
        state = await audiences.fetch(reader, [one.id for one in definitions], rules)
        return build(
            origin=str(host),
            definitions=definitions,
            live=state.audiences,
            others=state.others,
            rules=rules,
            limits=Limits(),
            active=state.active,
        )


def plan(host: Host, wanted: Mapping[str, Mapping[str, Any]]) -> Plan:
    """Plan the fields that are wanted of each audience, by id."""
    return run(host, planned(host, [definition(one, **fields) for one, fields in wanted.items()]))


@dataclass(frozen=True)
class Applying:
    """How to apply, where that matters."""

    waits: Mapping[str, float]
    parallelism: int = 4
    journal: Recorder | None = None
    watch: Callable[[Stop], Any] | None = None


async def carried_out(host: Host, the_plan: Plan, how: Applying) -> list[AudienceResult]:
    """Apply a plan, and let `watch` run beside it: it may ask to stop."""
    stop = Stop()
    beside = asyncio.ensure_future(how.watch(stop)) if how.watch else None
    async with WriteClient(connection(host, how.waits)) as writer:
        changes = execute(
            the_plan, writer, schema.rules(), stop=stop, parallelism=how.parallelism, journal=how.journal
        )
        results = [result async for result in changes]
    if beside is not None:
        await beside
    return results


def apply(
    host: Host,
    the_plan: Plan,
    *,
    parallelism: int = 4,
    journal: Recorder | None = None,
    watch: Callable[[Stop], Any] | None = None,
    **waits: float,
) -> dict[str, AudienceResult]:
    """Apply a plan and give each outcome by id; there is exactly one for each audience."""
    results = run(host, carried_out(host, the_plan, Applying(waits, parallelism, journal, watch)))
    assert sorted(result.id for result in results) == sorted({change.id for change in the_plan.changes})
    return {result.id: result for result in results}


def outcomes(results: Mapping[str, AudienceResult]) -> list[str]:
    return [results[one].outcome for one in sorted(results)]


def calls(peer: Peer, audience_id: str | None = None, since: int = 0) -> list[str]:
    """Give the methods of an audience's requests (or all), in the order in which they came."""
    return [
        entry.method
        for entry in peer.log[since:]
        if entry.method != "EDIT" and (audience_id is None or entry.id == audience_id)
    ]


def assert_each_write_was_compared(peer: Peer) -> None:
    """Every PATCH comes directly after a GET of that audience, which got a whole response."""
    for patch in peer.patches():
        before = [entry for entry in peer.log if entry.id == patch.id and entry.number < patch.number]
        requests = [entry for entry in before if entry.method != "EDIT"]
        assert requests, "a PATCH came first"
        assert (requests[-1].method, requests[-1].status) == ("GET", 200)
