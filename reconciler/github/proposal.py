"""One pull request of ours, opened once and updated from then on: files on a branch that is ours alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.errors import ApiRejected
from reconciler.github.rest import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.github.rest import GitHub


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to propose: text and mode of files by path in the repository, on top of a commit of `base`."""

    branch: str
    base: str
    parent: str
    files: Mapping[str, tuple[str, str]]
    title: str
    body: str


def publish(github: GitHub, owner: str, proposal: Proposal) -> str:
    """Put the files on the branch, and open or update its pull request; return its address.

    The branch is overwritten: whoever wants to go on from it makes another one. Raises ApiError.
    """
    _push(github, proposal)
    document = {"title": proposal.title, "body": proposal.body}
    number = find(github, owner, proposal.branch)
    if number is not None:
        return github.update(f"pulls/{number}", document)
    made = {**document, "head": proposal.branch, "base": proposal.base}
    return github.create("pulls", made, lambda: find(github, owner, proposal.branch) is not None)


def find(github: GitHub, owner: str, branch: str) -> int | None:
    """Return the number of the branch's open pull request, None where there is none; raises ApiError."""
    found = next(github.pages(f"pulls?state=open&head={owner}:{branch}"), None)
    return None if found is None else int(found["number"])


def withdraw(github: GitHub, owner: str, branch: str) -> None:
    """Close the branch's pull request, where one is open; raises ApiError."""
    number = find(github, owner, branch)
    if number is not None:
        github.update(f"pulls/{number}", {"state": "closed"})


def _push(github: GitHub, proposal: Proposal) -> None:
    parent = github.item(f"git/commits/{proposal.parent}")
    files: list[dict[str, Any]] = [
        {"path": path, "mode": mode, "type": "blob", "content": text}
        for path, (text, mode) in proposal.files.items()
    ]
    tree = github.make("git/trees", {"base_tree": parent["tree"]["sha"], "tree": files})
    if _tree_of(github, proposal.branch) == tree["sha"]:
        return  # it proposes this already, and a new commit would withdraw what people said of it
    message = {"message": proposal.title, "tree": tree["sha"], "parents": [proposal.parent]}
    sha = github.make("git/commits", message)["sha"]
    try:
        github.update(f"git/refs/heads/{proposal.branch}", {"sha": sha, "force": True})
    except ApiRejected as error:
        if error.status not in _NO_BRANCH:
            raise
        github.make("git/refs", {"ref": f"refs/heads/{proposal.branch}", "sha": sha})


def _tree_of(github: GitHub, branch: str) -> object:
    """Return the tree that a branch is at, None where there is no such branch."""
    try:
        commit = github.item(f"git/ref/heads/{branch}")["object"]["sha"]
    except ApiRejected as error:
        if error.status == NOT_FOUND:
            return None
        raise
    return github.item(f"git/commits/{commit}")["tree"]["sha"]


_NO_BRANCH = (NOT_FOUND, 422)
