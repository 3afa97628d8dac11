"""A stand-in for the runner: a job of a workflow, or a composite action, on a machine of its own."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import expressions
from .accounts import read_only
from .jobs import STEP, STEP_IF, Action, ActionCall, Frame, JobRun
from .results import JobResult
from .shell import Shell
from .tree import Scope
from .triggers import dispatch_inputs, is_triggered
from .values import Known, Unsupported
from .workflow_files import Job, Step, Workflow, read_workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .events import Event

_FOREIGN = ("GITHUB_", "RUNNER_", "INPUT_", "ACTIONS_", "LEADPIPE_", "RECONCILER_")
_DEFAULT = {"contents": "read", "packages": "read"}
_NOTHING: Mapping[str, Any] = {}


class Runner:
    """
    One fresh machine for one job.

    `actions` says what stands for an action of another repository: a folder with a composite action, or a
    function. `./` actions are those that lie in the workspace by then. `grant` makes the job's token, which
    gets what the job's `permissions` say, and in a run from a fork no more than to read. Such a run has no
    secrets either, and a job has an environment's secrets only if it names the environment. `machine` adds
    to this process's own variables.
    """

    def __init__(
        self,
        folder: Path,
        event: Event,
        *,
        urls: Mapping[str, str],
        grant: Callable[[Mapping[str, str]], str] = lambda _: "",
        secrets: Mapping[str, str] = _NOTHING,
        environment_secrets: Mapping[str, Mapping[str, str]] = _NOTHING,
        variables: Mapping[str, str] = _NOTHING,
        machine: Mapping[str, str] = _NOTHING,
        actions: Mapping[str, Action | Path] = _NOTHING,
        grace: tuple[float, float] = (7.5, 2.5),
        patience: float = 120,
    ) -> None:
        self._event = event
        self._urls = urls
        self._grant = grant
        self._secrets = secrets
        self._environment_secrets = environment_secrets
        self._variables = variables
        self._added = machine
        self._actions = dict(actions)
        name = event.payload["repository"]["name"]
        self.workspace = folder / "work" / name / name
        self.temp = folder / "work" / "_temp"
        self._home = folder / "home"
        for made in (self.workspace, self.temp, self._home):
            made.mkdir(parents=True)
        scripts = folder / "work" / "_scripts"
        scripts.mkdir()
        self._shell = Shell(scripts, grace=grace, patience=patience)

    def run_job(
        self,
        path: Path,
        job_id: str,
        *,
        needs: Mapping[str, JobResult] = _NOTHING,
        matrix: Mapping[str, Any] = _NOTHING,
    ) -> JobResult:
        """Run a job of the workflow in a file, with the results of the jobs that it needs.

        `matrix` is what this one of several has of the job's matrix; which there are, `matrix_of` says.
        """
        workflow = read_workflow(path)
        if not is_triggered(workflow, self._event):
            raise Unsupported(f"{path.name} does not run on this {self._event.name} event")
        job = workflow.jobs[job_id]
        if set(needs) != set(job.needs):
            raise Unsupported(f"{job_id} needs {job.needs}, and has {sorted(needs)}")
        if bool(matrix) != (job.matrix is not None):
            raise Unsupported(f"{job_id} has a matrix, or this run of it has none")
        return self._run(workflow, job, needs, matrix)

    def matrix_of(self, path: Path, job_id: str, needs: Mapping[str, JobResult]) -> list[dict[str, Any]]:
        """Return what each run of a job has of its matrix, which is a list of all of them."""
        workflow = read_workflow(path)
        job = workflow.jobs[job_id]
        settings = _limited(self._contexts(workflow, job, needs, {}), "github needs vars inputs")
        matrix: Any = expressions.value(job.matrix, settings)
        if set(matrix) != {"include"} or not matrix["include"]:
            raise Unsupported(f"{job_id}: a matrix is a list here, and has to have a job: {matrix}")
        return list(matrix["include"])

    def run_action(
        self, folder: Path, inputs: Mapping[str, str] = _NOTHING, *, permissions: Mapping[str, str] = _NOTHING
    ) -> JobResult:
        """Run the composite action in a folder as the one step of a job that has these permissions."""
        self._actions["tested/action"] = folder
        step = Step(id="action", uses="tested/action@ref", inputs=inputs)
        job = Job(id="job", steps=(step,), permissions=permissions)
        return self._run(Workflow(name="test", on={}, env={}, concurrency=None, jobs={}), job, {})

    def cancel(self) -> None:
        """Cancel the job, from another thread."""
        self._shell.cancel()

    def _run(
        self,
        workflow: Workflow,
        job: Job,
        needs: Mapping[str, JobResult],
        matrix: Mapping[str, Any] = _NOTHING,
    ) -> JobResult:
        contexts = self._contexts(workflow, job, needs, matrix)
        settings = _limited(contexts, "github needs vars inputs")
        if not expressions.condition(job.condition, replace(settings, status=_status(needs))):
            return JobResult(conclusion="skipped")
        groups = _groups(workflow.concurrency, _limited(contexts, "github vars inputs"))
        settings = _limited(contexts, "github needs matrix vars inputs")
        groups += _groups(job.concurrency, settings)
        contexts["secrets"] = self._all_secrets(
            contexts["github"]["token"], expressions.text(job.environment, settings)
        )
        env = _texts(workflow.env, _limited(contexts, "github secrets inputs vars"))
        env |= _texts(job.env, _limited(contexts, "github needs matrix vars secrets inputs"))
        try:
            return replace(self._steps(job, contexts, env), groups=groups)
        finally:
            self._shell.close()

    def _steps(self, job: Job, contexts: dict[str, Any], env: Mapping[str, str]) -> JobResult:
        run = JobRun(
            shell=self._shell,
            temp=self.temp,
            workspace=self.workspace,
            machine=self._machine(),
            actions=self._actions,
            env=env,
        )
        frame = Frame(STEP, STEP_IF, contexts, shell=job.shell, working_directory=job.working_directory or "")
        results = run.run(job.steps, frame)
        outputs = _texts(job.outputs, run.scope(frame))
        conclusion = run.status(frame)
        return JobResult(conclusion=conclusion, steps=results, outputs=outputs, env=run.env)

    def _contexts(
        self,
        workflow: Workflow,
        job: Job,
        needs: Mapping[str, JobResult],
        matrix: Mapping[str, Any],
    ) -> dict[str, Any]:
        urls = {name.removeprefix("GITHUB_").lower(): url for name, url in self._urls.items()}
        github = {
            **self._event.context(),
            **urls,
            "event_path": str(self._event.write(self.temp / "_github_workflow")),
            "workspace": str(self.workspace),
            "workflow": workflow.name,
            "workflow_sha": self._event.sha,
            "retention_days": "90",
            "job": job.id,
            "action": "__run",
            "token": self._grant(self._permissions(job)),
        }
        runner = {
            "os": "Linux",
            "arch": "X64",
            "name": "GitHub Actions 1",
            "environment": "github-hosted",
            "temp": str(self.temp),
            "tool_cache": str(self.temp.parent / "_tool"),
        }
        results = {name: {"result": need.conclusion, "outputs": need.outputs} for name, need in needs.items()}
        return {
            "github": Known("github", github),
            "runner": Known("runner", runner),
            "needs": Known("needs", results),
            "matrix": Known("matrix", dict(matrix)),
            "inputs": Known("inputs", dispatch_inputs(workflow, self._event)),
            "vars": dict(self._variables),
        }

    def _permissions(self, job: Job) -> dict[str, str]:
        asked = _DEFAULT if job.permissions is None else job.permissions
        return read_only(asked) if self._event.is_from_fork else dict(asked)

    def _all_secrets(self, token: str, environment: str) -> dict[str, str]:
        own = {"GITHUB_TOKEN": token}
        if self._event.is_from_fork:
            return own
        return {**self._secrets, **self._environment_secrets.get(environment, {}), **own}

    def _machine(self) -> dict[str, str]:
        """Give this process's variables but for what another runner or a developer left in them."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {**kept, "HOME": str(self._home), **self._added}


def copies(source: Path, refs: Mapping[str, Path] = _NOTHING) -> Action:
    """Stand for a checkout: copy a prepared folder into the workspace, or the one of the `ref` asked for."""

    def checkout(call: ActionCall) -> None:
        if unknown := set(call.inputs) - {"ref", "path", "fetch-depth", "persist-credentials"}:
            raise Unsupported(f"checkout: {sorted(unknown)} is not known here")
        ref = call.inputs.get("ref", "")
        if ref and ref not in refs:
            raise Unsupported(f"checkout: no folder was prepared for {ref!r}")
        target = call.workspace / call.inputs.get("path", "")
        shutil.copytree(refs.get(ref, source), target, symlinks=True, dirs_exist_ok=True)

    return checkout


def does_nothing(_: ActionCall) -> None:
    """Stand for an action that prepares what is here already."""


def _limited(contexts: Mapping[str, Any], names: str) -> Scope:
    return Scope({name: contexts[name] for name in names.split()})


def _status(needs: Mapping[str, JobResult]) -> dict[str, bool]:
    """Give what a job's condition can ask about the jobs that it needs."""
    results = {need.conclusion for need in needs.values()}
    failed = {name: name in results for name in ("failure", "cancelled")}
    return {"always": True, "success": results <= {"success"}, **failed}


def _texts(values: Mapping[str, Any], scope: Scope) -> dict[str, str]:
    return {name: expressions.text(value, scope) for name, value in values.items()}


def _groups(concurrency: Any, scope: Scope) -> tuple[tuple[str, bool], ...]:
    """Give a group's name, and whether a newer run in it cancels this one."""
    given = concurrency if isinstance(concurrency, dict) else {"group": concurrency}
    if unknown := set(given) - {"group", "cancel-in-progress", "queue"}:
        raise Unsupported(f"concurrency: {sorted(unknown)} is not known here")
    cancels = expressions.truth(given.get("cancel-in-progress", False), scope)
    if given.get("queue", "single") not in ({"single"} if cancels else {"single", "max"}):
        raise Unsupported(
            f"concurrency: a queue {given['queue']!r} is not allowed, or not next to cancelling"
        )
    return ((expressions.text(given["group"], scope), cancels),) if given["group"] else ()
