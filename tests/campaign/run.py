"""One run: a plan reviewed, applies let loose in a storm, then the calm in which one more must converge."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.doubles.peer import Peer

from . import commands, model
from .commands import PATIENCE
from .director import PROBE, Director
from .evidence import Act, Evidence, Process
from .scenario import Apply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.doubles.fork_server import ForkServer
    from tests.doubles.peer import Entry

    from .commands import Command
    from .model import Document
    from .scenario import Obstacle, Scenario

STORM, CALM = 0.02, 0.05  # how much of their real length waits have
MAX_LEFTOVERS = 4  # five failures in a row would end a run, as they should


class Stage:
    """A folder with definitions, and the processes that are started in it."""

    def __init__(self, scenario: Scenario, folder: Path, server: ForkServer) -> None:
        self._scenario = scenario
        self._server = server
        self.folder = folder
        self.definitions: Mapping[str, Document] = {}
        self.define(scenario.definitions)

    def define(self, definitions: Mapping[str, Document]) -> None:
        """Write the definitions down, as JSON, which YAML 1.2 reads."""
        self.definitions = definitions
        shutil.rmtree(self.folder / "audiences.d", ignore_errors=True)
        (self.folder / "audiences.d").mkdir()
        for name, definition in definitions.items():
            text = json.dumps(definition, indent=1)
            (self.folder / "audiences.d" / f"{name}.yaml").write_text(text, "utf-8")

    def start(self, name: str, arguments: Sequence[str], url: str, scale: float) -> Command:
        settings = {"LEADPIPE_API_KEY": self._scenario.key, "LEADPIPE_BASE_URL": url}
        return commands.start(self._server, name, arguments, self.folder, settings=settings, scale=scale)

    def run(self, name: str, arguments: Sequence[str], url: str, scale: float = CALM) -> Process:
        return self.ended(self.start(name, arguments, url, scale), time.monotonic() + PATIENCE)

    def ended(self, command: Command, deadline: float) -> Process:
        """Wait until a command has ended, and return all that it left."""
        returncode = command.ended(deadline)
        return Process(
            name=command.name,
            arguments=command.arguments,
            returncode=returncode,
            stdout=command.stdout.read_bytes(),
            stderr=command.stderr.read_bytes(),
            journal=self._read(f"{command.name}.journal"),
            saved=self._read(f"{command.name}.json"),
            signals=tuple(command.signals),
            is_hung=command.is_hung,
        )

    def _read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    @contextmanager
    def serve(self, audiences: Sequence[Document], slots: int | None) -> Iterator[tuple[Peer, str]]:
        scenario = self._scenario
        peer = Peer(
            audiences,
            key=scenario.key,
            generation=scenario.generation,
            is_strict=scenario.is_strict,
            unknown_filters=scenario.unknown_filters,
            config_semantics=scenario.config_semantics,
            page_size=scenario.page_size,
            slots=slots,
        )
        with peer.running() as url:
            yield peer, url

    def act(
        self, peer: Peer, initial: Mapping[str, Document], processes: Sequence[Process], start: int = 0
    ) -> Act:
        """Give the act that began with `initial`, when the log had `start` entries."""
        return Act(
            definitions=self.definitions,
            initial=initial,
            final=peer.state,
            log=peer.log[start:],
            processes=tuple(processes),
            generation=self._scenario.generation,
            merges=self._scenario.config_semantics == "merge",
            clock=time.time() - time.monotonic(),
        )


def run(scenario: Scenario, folder: Path, server: ForkServer) -> Evidence:
    """Play a scenario in an empty folder."""
    stage = Stage(scenario, folder, server)
    with stage.serve(scenario.audiences, scenario.slots) as (peer, url):
        obstructed = _obstruct(stage, scenario, scenario.obstacle, peer, url) if scenario.obstacle else None
        initial, start = peer.state, len(peer.log)
        planning = stage.run(
            "planning", ["plan", "--no-reach", "--out", "planning.json", "--format", "json"], url
        )
        plan = json.loads(planning.saved) if planning.saved else None
        storm = stage.act(peer, initial, _storm(stage, scenario, peer, url, plan), start)
        legible = {
            name: one
            for name, one in stage.definitions.items()
            if name in storm.final and not model.is_odd(storm.final[name], one)
        }
        ends = len(_leftovers(scenario, storm.final, legible)) > MAX_LEFTOVERS  # as five failures in a row do
        resumes = scenario.resumes and storm.processes and not ends
        resumed = _resume(stage, peer, url) if resumes else None
    missing, calm = _calm(stage, scenario, (resumed or storm).final)
    return Evidence(scenario.key, plan, planning, storm, calm, missing, resumed, obstructed)


def _obstruct(stage: Stage, scenario: Scenario, obstacle: Obstacle, peer: Peer, url: str) -> Act:
    """Plan and apply while one audience is in the way, and apply another one alone; then clear the way."""
    peer.edit(obstacle.id, obstacle.live)
    stage.define({**scenario.definitions, obstacle.id: obstacle.definition})
    initial, start = peer.state, len(peer.log)
    free = {name for name, one in scenario.definitions.items() if one == _unprotected(one)}
    others = sorted(free - {obstacle.id})
    targets = {"obstructed": [], **({"targeted": ["--target", others[0]]} if others else {})}
    processes = [
        stage.run("hindered", ["plan", "--no-reach", "--out", "hindered.json", "--format", "json"], url)
    ]
    processes += [stage.run(name, [*_clean(name), *target], url) for name, target in targets.items()]
    act = stage.act(peer, initial, processes, start)
    peer.edit(obstacle.id, next(one for one in scenario.audiences if one["id"] == obstacle.id))
    stage.define(scenario.definitions)
    return replace(act, obstacle=obstacle.id)


def _storm(
    stage: Stage, scenario: Scenario, peer: Peer, url: str, plan: Mapping[str, Any] | None
) -> list[Process]:
    if plan is None or plan["digest"] is None:
        return []  # which the oracle will call what it is
    peer.inject(*scenario.faults)
    for edit in scenario.edits:
        if edit.moment is None and edit.id in peer.state:
            peer.edit(edit.id, edit.changes)
    deadline = time.monotonic() + PATIENCE
    with Director(peer, [*scenario.strikes, *scenario.edits]) as director:
        try:
            for nth, apply in enumerate(scenario.applies):
                time.sleep(apply.start_after)
                name = f"apply{nth}"
                director.start(partial(stage.start, name, _arguments(name, apply, plan), url, STORM))
            for command in director.commands:
                command.ended(deadline)
        finally:
            _settle(peer, url)
    return [stage.ended(command, deadline) for command in director.commands]


def _arguments(name: str, apply: Apply, plan: Mapping[str, Any]) -> list[str]:
    approvals = {
        "plan": ["--plan", "planning.json"],
        "digest": ["--digest", plan["digest"]],
        "auto": ["--auto-approve"],
    }
    return [
        "apply",
        *approvals[apply.approval],
        *("--format", "json", "--out", f"{name}.json", "--parallelism", str(apply.parallelism)),
        *(["--journal", f"{name}.journal"] if apply.has_journal else []),
        *([] if apply.is_limited else ["--max-changes", "100%"]),
    ]


def _settle(peer: Peer, url: str) -> None:
    """Let the server hear all that was sent to it before its clients died, and store what it delays."""
    deadline = time.monotonic() + 10
    while True:
        try:
            connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
            connection.request(PROBE, "/")
            connection.getresponse().read()
            connection.close()
            break
        except OSError:
            # It refuses for a while, as its script says.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    for late in (entry.number for entry in peer.patches() if "delay" in entry.faults):
        with suppress(TimeoutError):  # a write to what somebody deleted leaves no trace
            peer.wait(partial(_is_performed, late), 3)


def _is_performed(number: int, entry: Entry) -> bool:
    return entry.number == number and (entry.before is not None or entry.status is not None)


def _resume(stage: Stage, peer: Peer, url: str) -> Act:
    """Apply the reviewed plan once more, on the same server without its troubles, and plan anew."""
    peer.heal()
    initial, start = peer.state, len(peer.log)
    apply = Apply("plan", parallelism=4, has_journal=True, is_limited=False, start_after=0)
    arguments = _arguments("resumed", apply, {"digest": ""})
    after = ["plan", "--no-reach", "--out", "after.json", "--format", "json"]
    processes = [stage.run("resumed", arguments, url), stage.run("after", after, url)]
    return stage.act(peer, initial, processes, start)


def _calm(stage: Stage, scenario: Scenario, state: Mapping[str, Document]) -> tuple[Process | None, Act]:
    """Clear every fault; with audiences gone, see that refused, and go on without their definitions."""
    present = {name: one for name, one in stage.definitions.items() if name in state}
    live = _with_few_leftovers(scenario, state, present)
    with stage.serve([*live.values()], None) as (peer, url):
        initial = peer.state
        missing = None
        if len(present) < len(stage.definitions):
            missing = stage.run("missing", _clean("missing"), url)
        stage.define({name: _unprotected(one) for name, one in present.items()})
        processes = [stage.run(name, _clean(name), url) for name in ("first", "second") if present]
        return missing, stage.act(peer, initial, processes)


def _clean(name: str) -> list[str]:
    options = ["--auto-approve", "--max-changes", "100%", "--format", "json", "--parallelism", "4"]
    return ["apply", *options, "--journal", f"{name}.journal", "--out", f"{name}.json"]


def _unprotected(definition: Document) -> Document:
    kept = {key: value for key, value in definition.get("lifecycle", {}).items() if key != "protect"}
    return {**definition, "lifecycle": kept} if "lifecycle" in definition else definition


def _with_few_leftovers(
    scenario: Scenario, state: Mapping[str, Document], definitions: Mapping[str, Document]
) -> Mapping[str, Document]:
    """Let somebody put right what nobody can read, and much of what a server that merges keeps."""
    first = {one["id"]: one for one in scenario.audiences}
    live = {
        name: {**one, **first[name]} if model.is_odd(one, definitions.get(name, {})) else deepcopy(one)
        for name, one in state.items()
    }
    for name in _leftovers(scenario, live, definitions)[MAX_LEFTOVERS:]:
        live[name] |= model.patch_for(definitions[name], live[name]) or {}
    return live


def _leftovers(
    scenario: Scenario, live: Mapping[str, Document], definitions: Mapping[str, Document]
) -> list[str]:
    """Name the audiences of which a server that merges would keep something that should go."""
    left = []
    for name, definition in definitions.items():
        patch = model.patch_for(definition, live[name])
        merges = scenario.config_semantics == "merge"
        if patch and not model.holds(model.stored(live[name], patch, merges=merges), patch):
            left.append(name)
    return left
