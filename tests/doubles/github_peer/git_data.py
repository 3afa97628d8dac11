"""The routes of git's own objects: commits, trees and branches that are made through the API."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from .answers import Refusal, accepted
from .calls import missing, text

if TYPE_CHECKING:
    from tests.doubles.peer.wire import Response

    from .calls import Call


def get_commit(call: Call) -> Response:
    sha = call.parts["sha"]
    # Of a commit that came by a push the tree is not known here, only that it has one.
    tree, parents = call.repository.made.get(sha, (_sha(sha), ()))
    return accepted({"sha": sha, "tree": {"sha": tree}, "parents": [{"sha": one} for one in parents]})


def create_tree(call: Call) -> Response:
    call.demand_write()
    document = call.document()
    files = {one["path"]: one["content"] for one in document["tree"]}
    sha = _sha(document["base_tree"], files)
    call.repository.trees[sha] = files
    return accepted({"sha": sha}, 201)


def create_commit(call: Call) -> Response:
    call.demand_write()
    document = call.document()
    made = (document["tree"], tuple(document["parents"]))
    sha = _sha(made, document["message"], len(call.repository.made))
    call.repository.made[sha] = made
    return accepted({"sha": sha}, 201)


def get_ref(call: Call) -> Response:
    sha = call.repository.heads.get(call.parts["branch"])
    return missing() if sha is None else accepted({"object": {"type": "commit", "sha": sha}})


def create_ref(call: Call) -> Response:
    call.demand_write()
    document = call.document()
    call.repository.heads[document["ref"].removeprefix("refs/heads/")] = document["sha"]
    return accepted({"ref": document["ref"], "object": {"sha": document["sha"]}}, 201)


def update_ref(call: Call) -> Response:
    call.demand_write()
    branch = call.parts["branch"]
    if branch not in call.repository.heads:
        raise Refusal(422, "Reference does not exist")
    call.repository.heads[branch] = call.document()["sha"]
    return accepted({"ref": f"refs/heads/{branch}"})


def create_pull(call: Call) -> Response:
    call.demand_write()
    document, repository, author = call.document(), call.repository, call.author().account
    if not repository.may_propose:
        raise Refusal(403, "GitHub Actions is not permitted to create or approve pull requests.")
    head = document["head"]
    number = repository.seed_pull(
        title=document["title"], author=author.login, head_ref=head, head_sha=repository.heads[head]
    )
    repository.change_issue(number, body=text(document, "body"))
    return _pull(call, number, 201)


def update_pull(call: Call) -> Response:
    call.demand_write()
    given = call.document()
    call.repository.change_issue(
        call.number(), **{key: given[key] for key in ("title", "body", "state") if key in given}
    )
    return _pull(call, call.number(), 200)


def _pull(call: Call, number: int, status: int) -> Response:
    issue = call.repository.issue(number)
    if issue is None or issue.pull is None:
        missing()
    return accepted(call.documents.pull(call.repository, issue, issue.pull), status)


def _sha(*content: Any) -> str:
    return hashlib.sha1(json.dumps(content).encode(), usedforsecurity=False).hexdigest()
