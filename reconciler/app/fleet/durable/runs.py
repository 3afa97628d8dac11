"""The runs in the database: to ask for one, to wait for many, and to see what there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from dbos import DBOSClient

from reconciler.app.fleet.durable import database
from reconciler.app.fleet.durable.plain_json import PlainJson
from reconciler.plan.durable_run import STATES, DurableRun, State, StoredResult, result_from_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dbos import EnqueueOptions, WorkflowStatus

    from reconciler.secret import Secret

APPLICATION, WORKFLOW, QUEUE = "reconciler", "apply", "organizations"
_WAITING, _RUNNING = ("ENQUEUED", "DELAYED"), ("PENDING",)
_AT_ONCE = 500  # ids in one question: SQLite takes 32,766


@dataclass(frozen=True, slots=True)
class Ticket:
    """A run that was asked for; `is_repeat` where it was there before, and nothing was begun."""

    run: DurableRun
    is_repeat: bool


class Runs:
    """The runs of one database, as a context; each method raises DatabaseError."""

    def __init__(self, where: Secret, *, is_patient: bool = False) -> None:
        """Connect; one that is patient waits as long as the database is gone."""
        with database.reported():
            self._client = DBOSClient(
                system_database_url=where.reveal(),
                dbos_system_schema=database.SCHEMA,
                serializer=PlainJson(),
                application_name=APPLICATION,
                system_database_pool_size=2,
                retry_connection_errors=is_patient,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.destroy()

    def submit(self, wanted: Iterable[tuple[str, str]]) -> list[Ticket]:
        """Ask for a run of each (organization, digest), and attach to those that are there already.

        One that is waiting, running or done is not begun again. One that failed is, under the next number, so
        that two who ask at once ask for the same.
        """
        asked = list(wanted)
        latest = self._latest(asked)
        return [self._ticket(*one, latest.get(one)) for one in asked]

    def _ticket(self, organization: str, digest: str, found: DurableRun | None) -> Ticket:
        if found is not None and found.state != "failed":
            return Ticket(found, is_repeat=True)
        number = 1 if found is None else found.number + 1
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": identity(organization, digest, number),
            "queue_partition_key": organization,
        }
        with database.reported():
            self._client.enqueue(options, organization, digest)
        run = DurableRun(options["workflow_id"], organization, digest, "waiting", number)
        return Ticket(run, is_repeat=False)

    def _latest(self, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], DurableRun]:
        """Return the last run of each organization and digest: where one failed there may be another."""
        found: dict[tuple[str, str], DurableRun] = {}
        number = 0
        while asked:
            number += 1
            ids = [identity(*one, number) for one in asked]
            runs = {(run.organization, run.digest): run for run in self.find(ids)}
            found |= runs
            asked = [one for one, run in runs.items() if run.state == "failed"]
        return found

    def left_before(self, run_id: str) -> tuple[str, ...] | None:
        """Return what earlier runs of a digest have left to do; None where it has to be reviewed anew.

        That is where none of them wrote anything, or the last one that did could not tell what was left.
        """
        organization, digest, number = parts(run_id)
        for earlier in range(number - 1, 0, -1):
            (run,) = self._listed(workflow_ids=[identity(organization, digest, earlier)])
            if run.result is not None and (run.result.left or run.result.is_written):
                return run.result.left or None
        return None

    def find(self, ids: Sequence[str]) -> Iterator[DurableRun]:
        """Yield the runs with these ids."""
        for start in range(0, len(ids), _AT_ONCE):
            yield from self._listed(workflow_ids=list(ids[start : start + _AT_ONCE]))

    def status(self) -> list[DurableRun]:
        """Return the last run of each organization and all that are not over, by state and organization."""
        newest: dict[str, DurableRun] = {}
        found = {}
        for run in self._listed(sort_desc=True):
            if newest.setdefault(run.organization, run) is run or not run.is_over:
                found[run.id] = run
        return sorted(found.values(), key=lambda one: (STATES.index(one.state), one.organization, one.number))

    def _listed(self, **wanted: Any) -> list[DurableRun]:  # noqa: ANN401 - as DBOS takes them
        with database.reported():
            return [
                _run(one) for one in self._client.list_workflows(name=WORKFLOW, load_input=False, **wanted)
            ]


def identity(organization: str, digest: str, number: int = 1) -> str:
    """Return the id of a run; that of the first one begins those of all of them."""
    return f"{organization}/{digest}" if number == 1 else f"{organization}/{digest}/{number}"


def parts(run_id: str) -> tuple[str, str, int]:
    """Return the organization, the digest and the number of an id."""
    organization, digest, *number = run_id.split("/")
    return organization, digest, int(number[0]) if number else 1


def _run(found: WorkflowStatus) -> DurableRun:
    organization, digest, number = parts(found.workflow_id)
    result = result_from_document(found.output) if found.status == "SUCCESS" and found.output else None
    return DurableRun(
        found.workflow_id,
        organization,
        digest,
        _state(found.status, result),
        number,
        result,
        found.executor_id,
        found.recovery_attempts or 0,
        _time(found.created_at),
        _time(found.completed_at),
    )


def _state(status: str, result: StoredResult | None) -> State:
    if status in _WAITING:
        return "waiting"
    if status in _RUNNING:
        return "running"
    return "done" if result is not None and result.is_done else "failed"


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return f"{datetime.fromtimestamp(milliseconds // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
