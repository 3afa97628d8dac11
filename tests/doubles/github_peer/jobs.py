"""One run of a job: its steps in their order, and what each leaves for the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import expressions
from .command_files import CommandFiles
from .events import variables
from .results import StepResult
from .tree import Scope
from .values import Known, Unsupported
from .workflow_files import CompositeAction, Step, read_action

if TYPE_CHECKING:
    from .shell import Shell

STEP = ("github", "needs", "matrix", "job", "runner", "env", "vars", "secrets", "steps", "inputs")
STEP_IF = tuple(name for name in STEP if name != "secrets")
ACTION = ("github", "job", "runner", "env", "steps", "inputs")
ACTION_DEFAULT = ("github", "job", "runner")

_NOTHING: Mapping[str, str] = {}
# Text that gets into a log must not be able to say these, and nothing here needs them.
_OLD_COMMANDS = re.compile(
    r"(?:^\s*::|##\[)(?:set-output|save-state|set-env|add-path)\b.*", re.MULTILINE | re.IGNORECASE
)


class ActionFailed(Exception):
    """Raised by a registered action to fail its step."""


@dataclass(frozen=True, slots=True)
class ActionCall:
    """What a registered action gets; `environment` names the command files that it may write to."""

    ref: str
    inputs: Mapping[str, str]
    environment: Mapping[str, str]
    workspace: Path


Action = Callable[[ActionCall], Mapping[str, str] | None]


@dataclass(slots=True)
class Frame:
    """The steps of a job, or of one composite action in it: what they share and see."""

    available: tuple[str, ...]
    condition: tuple[str, ...]
    contexts: dict[str, Any]
    env: dict[str, str] = field(default_factory=dict)
    shell: str | None = None
    working_directory: str = ""
    is_failed: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step runs: its frame, its own variables, what its expressions and its process see."""

    frame: Frame
    own: Mapping[str, str]
    scope: Scope
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Did:
    outcome: str
    exit_code: int | None = None
    log: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[StepResult, ...] = ()


class JobRun:
    """Runs steps on one machine; `env` and `path` are what steps have left for those after them."""

    def __init__(
        self,
        *,
        shell: Shell,
        temp: Path,
        workspace: Path,
        machine: Mapping[str, str],
        actions: Mapping[str, Action | Path],
        env: Mapping[str, str],
    ) -> None:
        self._shell = shell
        self._temp = temp
        self._workspace = workspace
        self._machine = machine
        self._actions = actions
        self._numbers = count(1)
        self.env = dict(env)
        self.path: list[str] = []

    def run(self, steps: tuple[Step, ...], frame: Frame) -> tuple[StepResult, ...]:
        frame.contexts["steps"] = Known("steps", {step.id: {} for step in steps if step.id})
        results = []
        for step in steps:
            result = self._step(step, frame)
            frame.is_failed = frame.is_failed or result.conclusion == "failure"
            if step.id:
                frame.contexts["steps"][step.id] = {
                    "outputs": dict(result.outputs),
                    "outcome": result.outcome,
                    "conclusion": result.conclusion,
                }
            results.append(result)
        return tuple(results)

    def scope(self, frame: Frame, own: Mapping[str, str] = _NOTHING) -> Scope:
        """Give what expressions in the frame's steps can name, in a step that has variables of its own."""
        contexts = frame.contexts | {"env": {**self.env, **frame.env, **own}}
        contexts["job"] = Known("job", {"status": self.status(frame)})
        return Scope({name: contexts[name] for name in frame.available if name in contexts})

    def status(self, frame: Frame) -> str:
        if self._shell.is_cancelled:
            return "cancelled"
        return "failure" if frame.is_failed else "success"

    def _runs(self, step: Step, frame: Frame, status: str) -> bool:
        whole = self.scope(frame)
        contexts = {name: value for name, value in whole.contexts.items() if name in frame.condition}
        functions = {name: status == name for name in ("success", "failure", "cancelled")} | {"always": True}
        return expressions.condition(step.condition, Scope(contexts, functions))

    def _step(self, step: Step, frame: Frame) -> StepResult:
        name = step.uses or (step.run or "").strip().partition("\n")[0]
        if not self._runs(step, frame, self.status(frame)):
            shown = str(step.name or name)
            return StepResult(id=step.id, name=shown, outcome="skipped", conclusion="skipped")
        before = self.scope(frame)
        own = {key: expressions.text(value, before) for key, value in step.env.items()}
        files = CommandFiles(self._temp / "_runner_file_commands" / str(next(self._numbers)))
        at = _Place(frame, own, self.scope(frame, own), self._environment(frame, own, files))
        did = self._script(step, at) if step.run is not None else self._action(step, at)
        told = files.read()
        self.env |= told.env
        self.path = [*reversed(told.path), *(old for old in self.path if old not in told.path)]
        outcome = "failure" if told.errors and did.outcome == "success" else did.outcome
        forgiven = outcome == "failure" and expressions.truth(step.continue_on_error, at.scope)
        return StepResult(
            id=step.id,
            name=expressions.text(step.name, at.scope) or name,
            outcome=outcome,
            conclusion="success" if forgiven else outcome,
            outputs={**told.outputs, **did.outputs},
            exit_code=did.exit_code,
            log=did.log,
            summary=told.summary,
            errors=told.errors,
            warnings=told.warnings,
            steps=did.steps,
        )

    def _script(self, step: Step, at: _Place) -> _Did:
        folder = expressions.text(step.working_directory, at.scope) or at.frame.working_directory
        ran = self._shell.run(
            step.run or "",
            step.shell or at.frame.shell,
            self._workspace / folder,
            at.environment,
            lambda: self._runs(step, at.frame, "cancelled"),
        )
        if old := _OLD_COMMANDS.search(ran.log):
            raise Unsupported(f"a step speaks to the runner in its log: {old[0].strip()!r}")
        outcome = "cancelled" if ran.is_cancelled else "failure" if ran.exit_code else "success"
        return _Did(outcome, ran.exit_code, ran.log)

    def _action(self, step: Step, at: _Place) -> _Did:
        given = {key: expressions.text(value, at.scope) for key, value in step.inputs.items()}
        action, ref = self._found(step.uses or "")
        if isinstance(action, Path):
            return self._composite(read_action(action), given, at)
        told = {f"INPUT_{key.upper().replace(' ', '_')}": value for key, value in given.items()}
        try:
            outputs = action(ActionCall(ref, given, {**at.environment, **told}, self._workspace))
        except ActionFailed as error:
            return _Did("failure", log=f"{error}\n")
        return _Did("success", outputs=outputs or {})

    def _composite(self, action: CompositeAction, given: Mapping[str, str], at: _Place) -> _Did:
        """Run an action's steps; its inputs are no variables there, and it sees no secrets."""
        if unknown := {key.lower() for key in given} - set(action.inputs):
            raise Unsupported(f"{action.folder.name} has no input {sorted(unknown)}")
        github = Known("github", at.frame.contexts["github"] | {"action_path": str(action.folder)})
        contexts = {**at.frame.contexts, "github": github}
        defaults = self.scope(Frame(ACTION_DEFAULT, (), contexts))
        inputs = {name: expressions.text(default, defaults) for name, default in action.inputs.items()}
        inputs |= {key.lower(): value for key, value in given.items()}
        contexts["inputs"] = Known("inputs", inputs)
        frame = Frame(ACTION, ACTION, contexts, env={**at.frame.env, **at.own})
        steps = self.run(action.steps, frame)
        outputs = {name: expressions.text(value, self.scope(frame)) for name, value in action.outputs.items()}
        ends = {step.conclusion for step in steps}
        outcome = next((end for end in ("cancelled", "failure") if end in ends), "success")
        return _Did(outcome, outputs=outputs, steps=steps)

    def _found(self, uses: str) -> tuple[Action | Path, str]:
        """Give what stands for an action, and at which ref it was asked for."""
        if uses.startswith("./"):
            return self._workspace / uses, ""
        name, _, ref = uses.partition("@")
        if not ref or name not in self._actions:
            raise Unsupported(f"nothing is registered for the action {uses!r}, or it has no ref")
        return self._actions[name], ref

    def _environment(self, frame: Frame, own: Mapping[str, str], files: CommandFiles) -> dict[str, str]:
        """Give a process all its variables; what GitHub says of itself, no step can change."""
        env = {**self._machine, **self.env, **frame.env, **own}
        env["PATH"] = ":".join([*self.path, env["PATH"]])
        github = {**frame.contexts["github"], **files.context}
        runner = {f"RUNNER_{name.upper()}": value for name, value in frame.contexts["runner"].items()}
        return {"CI": "true", **env, **variables(github), **runner, "GITHUB_ACTIONS": "true"}
