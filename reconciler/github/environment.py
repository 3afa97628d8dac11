"""What an Actions runner gives a step: variables, an event, and files for a summary and outputs."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import FileError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SUMMARY = 1_000_000  # bytes; GitHub drops a step's summary over 1 MiB
_MAX_DIGITS = 18
_IN_A_JOB = "Run this in a GitHub Actions job"
_OWNER_AND_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_SERVER = re.compile(r"https?://[\w.:-]+(?:/[\w./-]*)?", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Environment:
    """One step of a run: `event` is the payload that started it.

    `event_name`, `ref` and `token` are empty where there is none. `run` is its id, which grows from run to
    run, and its attempt; zeros where the runner does not say.
    """

    repository: str
    event_name: str
    event: Mapping[str, Any]
    ref: str
    sha: str | None
    api_url: str
    token: str = field(repr=False)
    run: tuple[int, int]
    run_url: str
    summary: Path | None
    output: Path | None

    @property
    def _pull_request(self) -> Mapping[str, Any]:
        return _object(self.event.get("pull_request"))

    @property
    def _merge_group(self) -> Mapping[str, Any]:
        return _object(self.event.get("merge_group"))

    @property
    def pull_request(self) -> int | None:
        """The number of the pull request that the event is about."""
        number = self._pull_request.get("number")
        return number if isinstance(number, int) else None

    @property
    def is_merge_group(self) -> bool:
        """Whether the event is a merge queue's: what it would merge, by no pull request's number."""
        return bool(self._merge_group)

    @property
    def is_dispatch(self) -> bool:
        """Whether somebody started the run by hand."""
        return self.event_name == "workflow_dispatch"

    @property
    def is_fork(self) -> bool:
        """Whether the event comes from another repository, whose token here can only read."""
        head = _object(_object(self._pull_request.get("head")).get("repo"))
        is_event = self.pull_request is not None and not self.is_dispatch
        return is_event and head.get("full_name") != self.repository

    @property
    def base_sha(self) -> str | None:
        """The commit that the pull request or the merge group would be merged into."""
        return _sha(self._merge_group.get("base_sha") or _object(self._pull_request.get("base")).get("sha"))

    @property
    def head_sha(self) -> str | None:
        """The commit that the pull request or the merge group proposed when the event was sent."""
        return _sha(self._merge_group.get("head_sha") or _object(self._pull_request.get("head")).get("sha"))

    @property
    def author(self) -> str:
        """Who opened the pull request, empty where the event does not say."""
        login = _object(self._pull_request.get("user")).get("login")
        return login if isinstance(login, str) else ""

    @property
    def commit(self) -> str:
        """The commit whose files a reader is to see: the one that is proposed, else what is checked out."""
        return self.head_sha or self.sha or ""

    @property
    def _repository_url(self) -> str:
        return self.run_url.partition("/actions/runs/")[0]

    @property
    def files_url(self) -> str:
        """The address of the repository's files at that commit, empty where the runner does not say."""
        return f"{self._repository_url}/blob/{self.commit}" if self.run_url and self.commit else ""

    @property
    def commits_url(self) -> str:
        """The address below which the repository's commits are, empty where the runner does not say."""
        return f"{self._repository_url}/commit" if self.run_url else ""

    def about(self, pull_request: Mapping[str, Any]) -> Environment:
        """Return this environment, as if its event were about a pull request as REST shows it."""
        return replace(self, event={**self.event, "pull_request": pull_request})

    def append_summary(self, markdown: str) -> None:
        """Append to the job's summary, where there is one; raises FileError."""
        _append(self.summary, f"{markdown}\n")

    def set_outputs(self, outputs: Mapping[str, str | int]) -> None:
        """Set the step's outputs; raises FileError.

        A value cannot end its own block, since nobody can guess the delimiter.
        """
        blocks = []
        for name, value in outputs.items():
            delimiter = secrets.token_hex(16)
            blocks.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
        _append(self.output, "".join(blocks))


def read(variables: Mapping[str, str]) -> Environment:
    """Return a step's environment; raises SettingsError outside of a job."""
    repository = variables.get("GITHUB_REPOSITORY", "")
    if not _OWNER_AND_NAME.fullmatch(repository):
        raise SettingsError("GITHUB_REPOSITORY is not set to owner/name", _IN_A_JOB)
    server = variables.get("GITHUB_SERVER_URL") or "https://github.com"
    run_id = variables.get("GITHUB_RUN_ID", "")
    is_run = _number(run_id) > 0 and _SERVER.fullmatch(server)
    return Environment(
        repository=repository,
        event_name=variables.get("GITHUB_EVENT_NAME", ""),
        event=_event(variables.get("GITHUB_EVENT_PATH")),
        ref=variables.get("GITHUB_REF", ""),
        sha=_sha(variables.get("GITHUB_SHA")),
        api_url=variables.get("GITHUB_API_URL") or "https://api.github.com",
        token=variables.get("GITHUB_TOKEN", ""),
        run=(_number(run_id), _number(variables.get("GITHUB_RUN_ATTEMPT", ""))),
        run_url=f"{server}/{repository}/actions/runs/{run_id}" if is_run else "",
        summary=_path(variables.get("GITHUB_STEP_SUMMARY")),
        output=_path(variables.get("GITHUB_OUTPUT")),
    )


def _event(path: str | None) -> Mapping[str, Any]:
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError("GITHUB_EVENT_PATH does not name a readable event", _IN_A_JOB) from error
    return _object(event)


def _append(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FileError(f"{path.name} cannot be written: {error.strerror}", _IN_A_JOB) from error


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0


def _sha(value: object) -> str | None:
    return value if isinstance(value, str) and _SHA.fullmatch(value) else None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
