"""Workflow and action files, read into steps and jobs; a key that is not known here is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import yaml_files
from .accounts import checked
from .values import Unsupported, Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WORKFLOW = ["name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"]
_JOB = [
    "name",
    "needs",
    "if",
    "strategy",
    "runs-on",
    "permissions",
    "environment",
    "concurrency",
    "outputs",
    "env",
    "defaults",
    "steps",
    "timeout-minutes",
]
_STEP = [
    "id",
    "if",
    "name",
    "uses",
    "run",
    "working-directory",
    "shell",
    "with",
    "env",
    "continue-on-error",
    "timeout-minutes",
]
_ACTION = ["name", "author", "description", "inputs", "outputs", "runs", "branding"]
_IDENTIFIER = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, as it is written: nothing in it is evaluated yet."""

    id: str | None = None
    name: Value = None
    condition: Value = None
    uses: str | None = None
    run: str | None = None
    shell: str | None = None
    working_directory: Value = None
    inputs: Mapping[str, Value] = field(default_factory=dict)
    env: Mapping[str, Value] = field(default_factory=dict)
    continue_on_error: Value = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; `permissions` are its token's, the workflow's where it has none of its own."""

    id: str
    steps: tuple[Step, ...]
    condition: Value = None
    needs: tuple[str, ...] = ()
    matrix: Value = None
    env: Mapping[str, Value] = field(default_factory=dict)
    outputs: Mapping[str, Value] = field(default_factory=dict)
    permissions: Mapping[str, str] | None = None
    environment: Value = None
    concurrency: Any = None
    shell: str | None = None
    working_directory: str | None = None
    timeout_minutes: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One workflow; `on` has each event with its filters."""

    name: str
    on: Mapping[str, Any]
    env: Mapping[str, Value]
    concurrency: Any
    jobs: Mapping[str, Job]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeAction:
    """One composite action; an input that has no default has an empty one."""

    folder: Path
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    steps: tuple[Step, ...]


def read_workflow(path: Path) -> Workflow:
    document = _document(path, _WORKFLOW)
    shared: dict[str, Any] = {
        name: document[name] for name in ("permissions", "defaults") if name in document
    }
    jobs = {
        name: _job(name, _mapping(job, name), shared)
        for name, job in _mapping(document["jobs"], "jobs").items()
    }
    return Workflow(
        name=document.get("name") or path.name,
        on=_triggers(document["on"]),
        env=_mapping(document.get("env"), "env"),
        concurrency=document.get("concurrency"),
        jobs=jobs,
    )


def read_action(folder: Path) -> CompositeAction:
    """Read the composite action in a folder."""
    paths = [folder / name for name in ("action.yml", "action.yaml") if (folder / name).is_file()]
    if not paths:
        raise Unsupported(f"there is no action.yml in {folder}")
    document = _document(paths[0], _ACTION)
    runs = _only(_mapping(document["runs"], "runs"), ("using", "steps"), "runs")
    if runs["using"] != "composite":
        raise Unsupported(f"{paths[0]}: only composite actions run here, not {runs['using']!r}")
    inputs = {
        name.lower(): _only(_mapping(given, name), ("description", "required", "default"), name).get(
            "default", ""
        )
        for name, given in _mapping(document.get("inputs"), "inputs").items()
    }
    outputs = {
        name: _only(_mapping(given, name), ("description", "value"), name)["value"]
        for name, given in _mapping(document.get("outputs"), "outputs").items()
    }
    steps = _steps(runs["steps"])
    for step in steps:
        if step.run is not None and not step.shell:
            raise Unsupported(f"{paths[0]}: a step that runs in a composite action needs its `shell`")
    return CompositeAction(folder=folder, inputs=inputs, outputs=outputs, steps=steps)


def _job(name: str, own: Mapping[str, Any], shared: Mapping[str, Any]) -> Job:
    _only(own, _JOB, f"job {name}")
    if "runs-on" not in own or not _IDENTIFIER.fullmatch(name):
        raise Unsupported(f"job {name!r} has no machine to run on, or no name that can be")
    if "defaults" in own and "defaults" in shared:
        raise Unsupported(
            f"job {name}: whether its defaults join the workflow's or replace them is not known"
        )
    document = {**shared, **own}
    defaults = _only(_mapping(document.get("defaults"), "defaults"), ("run",), "defaults").get("run")
    run = _only(_mapping(defaults, "run"), ("shell", "working-directory"), "defaults.run")
    strategy = _only(_mapping(document.get("strategy"), "strategy"), ("fail-fast", "matrix"), "strategy")
    permissions, environment, needs = (document.get(key) for key in ("permissions", "environment", "needs"))
    if isinstance(environment, dict):
        environment = _only(environment, ("name", "url", "deployment"), "environment")["name"]
    return Job(
        id=name,
        steps=_steps(document["steps"]),
        condition=document.get("if"),
        matrix=strategy.get("matrix"),
        needs=(needs,) if isinstance(needs, str) else tuple(needs or ()),
        env=_mapping(document.get("env"), "env"),
        outputs=_mapping(document.get("outputs"), "outputs"),
        permissions=None if permissions is None else checked(_mapping(permissions, "permissions")),
        environment=environment,
        concurrency=document.get("concurrency"),
        shell=run.get("shell"),
        working_directory=run.get("working-directory"),
        timeout_minutes=document.get("timeout-minutes"),
    )


def _steps(documents: Any) -> tuple[Step, ...]:
    if not isinstance(documents, list):
        raise Unsupported(f"steps are a list, not {documents!r}")
    steps = tuple(_step(_mapping(document, "step")) for document in documents)
    ids = [step.id for step in steps if step.id is not None]
    if len(ids) != len(set(ids)):
        raise Unsupported(f"two steps have one id: {ids}")
    return steps


def _step(document: Mapping[str, Any]) -> Step:
    _only(document, _STEP, "step")
    if ("uses" in document) == ("run" in document):
        raise Unsupported(f"a step either uses or runs something: {document}")
    if "uses" in document and {"shell", "working-directory"} & set(document):
        raise Unsupported(f"a step that uses an action has no shell: {document}")
    if "run" in document and "with" in document:
        raise Unsupported(f"a step that runs a script has no `with`: {document}")
    if "${{" in document.get("run", ""):
        # It would be GitHub's way; here it is how a value from outside becomes part of a script.
        raise Unsupported(f"an expression inside `run`: {document['run']!r}")
    if not _IDENTIFIER.fullmatch(document.get("id", "_")):
        raise Unsupported(f"{document['id']!r} cannot be a step's id")
    return Step(
        id=document.get("id"),
        name=document.get("name"),
        condition=document.get("if"),
        uses=document.get("uses"),
        run=document.get("run"),
        shell=document.get("shell"),
        working_directory=document.get("working-directory"),
        inputs=_mapping(document.get("with"), "with"),
        env=_mapping(document.get("env"), "env"),
        continue_on_error=document.get("continue-on-error", False),
    )


def _triggers(document: Any) -> dict[str, Any]:
    if isinstance(document, str):
        return {document: None}
    return dict.fromkeys(document) if isinstance(document, list) else _mapping(document, "on")


def _document(path: Path, keys: list[str]) -> dict[str, Any]:
    return _only(_mapping(yaml_files.read(path), path.name), keys, path.name)


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unsupported(f"{what} is no mapping: {value!r}")
    return value


def _only(document: dict[str, Any] | Mapping[str, Any], keys: Any, what: str) -> dict[str, Any]:
    if unknown := set(document) - set(keys):
        raise Unsupported(f"{what}: {sorted(unknown)} is not known here")
    return dict(document)
