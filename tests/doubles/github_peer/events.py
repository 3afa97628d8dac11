"""Events as GitHub sends them to a workflow: the payload's file, and what the runner says beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .accounts import account
from .documents import WEB

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .documents import Documents
    from .repository import Issue, Pull, Repository

RUN_ID = "8100000001"
_FILES = {
    "GITHUB_STEP_SUMMARY": "summary",
    "GITHUB_OUTPUT": "output",
    "GITHUB_ENV": "env",
    "GITHUB_PATH": "path",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event; `changed` are the paths that its commits touch, for `paths` filters."""

    name: str
    payload: Mapping[str, Any]
    ref: str
    sha: str
    actor: str
    head_ref: str = ""
    base_ref: str = ""
    changed: tuple[str, ...] = ()

    @property
    def action(self) -> str | None:
        return self.payload.get("action")

    @property
    def is_from_fork(self) -> bool:
        """Whether the run gets a token that only reads, and no secrets."""
        pull = self.payload.get("pull_request")
        return pull is not None and pull["head"]["repo"]["full_name"] != pull["base"]["repo"]["full_name"]

    def write(self, folder: Path) -> Path:
        """Write the payload as the runner does, and give the file's path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "event.json"
        path.write_text(json.dumps(self.payload))
        return path

    def context(self) -> dict[str, Any]:
        """Give what the `github` context says of the run because of the event."""
        repository = self.payload["repository"]
        return {
            "event_name": self.name,
            "event": self.payload,
            "ref": self.ref,
            "ref_name": self.ref.removeprefix("refs/heads/").removeprefix("refs/pull/"),
            "ref_type": "branch",
            "ref_protected": False,
            "sha": self.sha,
            "head_ref": self.head_ref,
            "base_ref": self.base_ref,
            "actor": self.actor,
            "actor_id": str(account(self.actor).id),
            "triggering_actor": self.actor,
            "repository": repository["full_name"],
            "repository_id": str(repository["id"]),
            "repository_owner": repository["owner"]["login"],
            "repository_owner_id": str(repository["owner"]["id"]),
            "run_id": RUN_ID,
            "run_number": "12",
            "run_attempt": "1",
        }

    def environment(self, folder: Path) -> dict[str, str]:
        """Give a step's variables, with fresh files in the folder, for a command that a test runs itself."""
        files = {name: folder / f"github_{file}" for name, file in _FILES.items()}
        (folder / "runner_temp").mkdir(parents=True, exist_ok=True)
        for path in files.values():
            path.write_text("")
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_PATH": str(self.write(folder)),
            "RUNNER_TEMP": str(folder / "runner_temp"),
            **{name: str(path) for name, path in files.items()},
            **variables(self.context()),
        }


def variables(context: Mapping[str, Any]) -> dict[str, str]:
    """Give the GITHUB_ variables of a `github` context: all but the payload and the token."""
    return {
        f"GITHUB_{name.upper()}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in context.items()
        if name not in {"event", "token", "action_status"}
    }


def pull_request(
    documents: Documents,
    repository: Repository,
    number: int,
    action: str = "opened",
    *,
    before: str | None = None,
    changed: tuple[str, ...] = (),
) -> Event:
    """Tell of a pull request as it is now: opened, reopened, closed, or synchronize (after which head?)."""
    issue, pull = _pull(repository, number)
    if (action == "synchronize") != (before is not None):
        raise ValueError("`before` is what `synchronize` says, and no other action")
    payload = {
        "action": action,
        "number": number,
        "pull_request": documents.pull(repository, issue, pull),
        **({"before": before, "after": pull.head_sha} if before else {}),
        **_sent(documents, repository, issue.author.login),
    }
    # Once merged, a pull request has no merge of its own to run on: the run is on the base branch.
    merged = pull.merge_commit_sha is not None
    return Event(
        name="pull_request",
        payload=payload,
        ref=f"refs/heads/{pull.base_ref}" if merged else f"refs/pull/{number}/merge",
        sha=pull.merge_commit_sha or pull.test_merge_sha,
        actor=issue.author.login,
        head_ref=pull.head_ref,
        base_ref=pull.base_ref,
        changed=changed,
    )


def merge_group(documents: Documents, repository: Repository, sha: str, base_sha: str, number: int) -> Event:
    """Tell that a merge queue asks for checks of a commit, which a pull request came to the queue with."""
    branch = repository.default_branch
    ref = f"refs/heads/gh-readonly-queue/{branch}/pr-{number}-{base_sha}"
    person = {"name": "GitHub", "email": "noreply@github.com"}
    group = {
        "head_sha": sha,
        "head_ref": ref,
        "base_sha": base_sha,
        "base_ref": f"refs/heads/{branch}",
        "head_commit": {
            "id": sha,
            "tree_id": sha[::-1],
            "message": f"Merge pull request #{number}",
            "timestamp": "2026-05-04T10:00:00+02:00",
            "author": person,
            "committer": person,
        },
    }
    sent = _sent(documents, repository, "github-merge-queue[bot]")
    payload = {"action": "checks_requested", "merge_group": group, **sent}
    return Event(name="merge_group", payload=payload, ref=ref, sha=sha, actor="marta")


def push(
    documents: Documents,
    repository: Repository,
    sha: str,
    *,
    before: str = "b" * 40,
    message: str = "Widen the audience",
    by: str = "marta",
    changed: tuple[str, ...] = (),
) -> Event:
    """Tell of one commit that came to the default branch, by a merge or without a pull request."""
    person = {"name": by, "email": f"{by}@users.noreply.github.com", "username": by}
    commit = {
        "id": sha,
        "tree_id": sha[::-1],
        "distinct": True,
        "message": message,
        "timestamp": "2026-05-04T10:00:00+02:00",
        "url": f"{WEB}/{repository.full_name}/commit/{sha}",
        "author": person,
        "committer": {"name": "GitHub", "email": "noreply@github.com", "username": "web-flow"},
        "added": [],
        "removed": [],
        "modified": list(changed),
    }
    ref = f"refs/heads/{repository.default_branch}"
    payload = {
        "ref": ref,
        "before": before,
        "after": sha,
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{WEB}/{repository.full_name}/compare/{before[:12]}...{sha[:12]}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": {"name": by, "email": person["email"]},
        **_sent(documents, repository, by),
    }
    return Event(name="push", payload=payload, ref=ref, sha=sha, actor=by, changed=changed)


def merge(
    documents: Documents, repository: Repository, number: int, *, changed: tuple[str, ...] = ()
) -> Event:
    """Tell of the push that merging a pull request made."""
    issue, pull = _pull(repository, number)
    if pull.merge_commit_sha is None or pull.merged_by is None:
        raise ValueError(f"#{number} is not merged")
    message = f"Merge pull request #{number} from {pull.head_repository.partition('/')[0]}/{pull.head_ref}"
    return push(
        documents,
        repository,
        pull.merge_commit_sha,
        before=pull.base_sha,
        message=f"{message}\n\n{issue.title}",
        by=pull.merged_by.login,
        changed=changed,
    )


def schedule(documents: Documents, repository: Repository, sha: str, cron: str) -> Event:
    """Tell that it is time; there is no sender, and the actor is who last changed the time."""
    payload = {
        "schedule": cron,
        "workflow": ".github/workflows/drift.yml",
        **_sent(documents, repository, None),
    }
    return Event(name="schedule", payload=payload, ref=_default(repository), sha=sha, actor="marta")


def dispatch(
    documents: Documents, repository: Repository, sha: str, inputs: Mapping[str, str] | None = None
) -> Event:
    """Tell that somebody started the workflow by hand; what is in the payload of the inputs is text."""
    payload = {
        "inputs": dict(inputs) if inputs else None,
        "ref": _default(repository),
        "workflow": ".github/workflows/apply.yml",
        **_sent(documents, repository, "marta"),
    }
    return Event(name="workflow_dispatch", payload=payload, ref=_default(repository), sha=sha, actor="marta")


def _pull(repository: Repository, number: int) -> tuple[Issue, Pull]:
    issue = repository.issue(number)
    if issue is None or issue.pull is None:
        raise ValueError(f"#{number} is no pull request")
    return issue, issue.pull


def _default(repository: Repository) -> str:
    return f"refs/heads/{repository.default_branch}"


def _sent(documents: Documents, repository: Repository, sender: str | None) -> dict[str, Any]:
    owner = repository.owner
    organization = {"login": owner.login, "id": owner.id, "url": f"{documents.api}/orgs/{owner.login}"}
    common = {"repository": documents.repository(repository), "organization": organization}
    return common | ({"sender": documents.user(account(sender))} if sender else {})
