"""The JSON documents of GitHub's REST API and of its events, in the shape of an API version."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .accounts import ACTIONS, Account, account

if TYPE_CHECKING:
    from .repository import Comment, Issue, Pull, Repository, Review

VERSIONS = ("2022-11-28", "2026-03-10")
WEB = "https://github.com"
_DROPPED = {"2026-03-10": ("assignee", "merge_commit_sha")}
_APP = {
    "id": 15368,
    "client_id": "Iv1.05c79e9ad1f6bdfa",
    "slug": "github-actions",
    "node_id": "MDM6QXBwMTUzNjg=",
    "name": "GitHub Actions",
    "html_url": f"{WEB}/apps/github-actions",
}


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents whose `url`s lie under `api`; people's links always lie on github.com."""

    api: str = "https://api.github.com"
    version: str = VERSIONS[0]

    def user(self, who: Account) -> dict[str, Any]:
        page = f"apps/{who.slug}" if who.type == "Bot" else who.login
        url = f"{self.api}/users/{quote(who.login)}"
        return {
            "login": who.login,
            "id": who.id,
            "node_id": _node("Bot" if who.type == "Bot" else "User", who.id),
            "avatar_url": f"https://avatars.githubusercontent.com/u/{who.id}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{WEB}/{page}",
            "repos_url": f"{url}/repos",
            "type": who.type,
            "user_view_type": "public",
            "site_admin": False,
        }

    def repository(self, repository: Repository) -> dict[str, Any]:
        return self._named_repository(repository.full_name, repository) | {
            "id": repository.id,
            "node_id": _node("Repository", repository.id),
            "private": repository.private,
            "visibility": "private" if repository.private else "public",
            "default_branch": repository.default_branch,
            "has_issues": repository.has_issues,
            "archived": False,
            "disabled": False,
        }

    def label(self, repository: Repository, name: str) -> dict[str, Any]:
        return {
            "id": _number(name),
            "node_id": _node("Label", _number(name)),
            "url": f"{self._at(repository)}/labels/{quote(name)}",
            "name": name,
            "color": "ededed",
            "default": False,
            "description": None,
        }

    def comment(self, repository: Repository, comment: Comment) -> dict[str, Any]:
        issue = repository.issue(comment.number)
        kind = "pull" if issue is not None and issue.pull is not None else "issues"
        return {
            "url": f"{self._at(repository)}/issues/comments/{comment.id}",
            "html_url": f"{WEB}/{repository.full_name}/{kind}/{comment.number}#issuecomment-{comment.id}",
            "issue_url": f"{self._at(repository)}/issues/{comment.number}",
            "id": comment.id,
            "node_id": _node("IssueComment", comment.id),
            "user": self.user(comment.author),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": _association(comment.author),
            "body": comment.body,
            "reactions": {
                "url": f"{self._at(repository)}/issues/comments/{comment.id}/reactions",
                "total_count": 0,
            },
            "performed_via_github_app": _APP if comment.author == ACTIONS else None,
        }

    def issue(self, repository: Repository, issue: Issue) -> dict[str, Any]:
        url = f"{self._at(repository)}/issues/{issue.number}"
        document = self._common(repository, issue) | {
            "url": url,
            "repository_url": self._at(repository),
            "labels_url": f"{url}/labels{{/name}}",
            "html_url": f"{WEB}/{repository.full_name}/{'pull' if issue.pull else 'issues'}/{issue.number}",
            "node_id": _node("Issue", issue.id),
            "comments": len(repository.comments(issue.number)),
            "state_reason": issue.state_reason,
            "performed_via_github_app": _APP if issue.author == ACTIONS else None,
        }
        if issue.pull is not None:
            pull_url = f"{self._at(repository)}/pulls/{issue.number}"
            document |= {
                "draft": False,
                "pull_request": {
                    "url": pull_url,
                    "html_url": document["html_url"],
                    "merged_at": issue.pull.merged_at,
                },
            }
        return self._versioned(document)

    def pull(self, repository: Repository, issue: Issue, pull: Pull, *, whole: bool = True) -> dict[str, Any]:
        """Give a pull request; in lists it is not whole: nothing says `merged` there."""
        document = self._common(repository, issue) | {
            "url": f"{self._at(repository)}/pulls/{issue.number}",
            "html_url": f"{WEB}/{repository.full_name}/pull/{issue.number}",
            "issue_url": f"{self._at(repository)}/issues/{issue.number}",
            "node_id": _node("PullRequest", issue.id),
            "merged_at": pull.merged_at,
            "merge_commit_sha": pull.merge_commit_sha or pull.test_merge_sha,
            "draft": False,
            "head": self._side(repository, pull.head_repository, pull.head_ref, pull.head_sha),
            "base": self._side(repository, repository.full_name, pull.base_ref, pull.base_sha),
            "auto_merge": None,
        }
        if whole:
            document |= {
                "merged": pull.merged_at is not None,
                "mergeable": None if pull.merged_at else True,
                "merged_by": self.user(pull.merged_by) if pull.merged_by else None,
                "comments": len(repository.comments(issue.number)),
                "commits": pull.commits,
                "maintainer_can_modify": False,
            }
        return self._versioned(document)

    def review(self, repository: Repository, review: Review) -> dict[str, Any]:
        url = f"{self._at(repository)}/pulls/{review.number}"
        return {
            "id": review.id,
            "node_id": _node("PullRequestReview", review.id),
            "user": self.user(review.author),
            "body": "",
            "state": review.state,
            "html_url": f"{WEB}/{repository.full_name}/pull/{review.number}#pullrequestreview-{review.id}",
            "pull_request_url": url,
            "author_association": _association(review.author),
            "submitted_at": review.submitted_at,
            "commit_id": review.commit,
        }

    def permission(self, repository: Repository, who: Account) -> dict[str, Any]:
        level = repository.permissions.get(who.login, "write")
        return {"permission": level, "role_name": level, "user": self.user(who)}

    def _common(self, repository: Repository, issue: Issue) -> dict[str, Any]:
        return {
            "comments_url": f"{self._at(repository)}/issues/{issue.number}/comments",
            "id": issue.id,
            "number": issue.number,
            "title": issue.title,
            "user": self.user(issue.author),
            "labels": [self.label(repository, name) for name in issue.labels],
            "state": issue.state,
            "locked": issue.locked,
            "active_lock_reason": None,
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "created_at": issue.created_at,
            "updated_at": issue.updated_at,
            "closed_at": issue.closed_at,
            "author_association": _association(issue.author),
            "body": issue.body,
        }

    def _side(self, repository: Repository, full_name: str, ref: str, sha: str) -> dict[str, Any]:
        owner = full_name.partition("/")[0]
        own = full_name == repository.full_name
        return {
            "label": f"{owner}:{ref}",
            "ref": ref,
            "sha": sha,
            "user": self.user(repository.owner if own else account(owner)),
            "repo": self.repository(repository) if own else self._named_repository(full_name, repository),
        }

    def _named_repository(self, full_name: str, parent: Repository) -> dict[str, Any]:
        owner, _, name = full_name.partition("/")
        is_fork = full_name != parent.full_name
        return {
            "id": _number(full_name),
            "node_id": _node("Repository", _number(full_name)),
            "name": name,
            "full_name": full_name,
            "private": parent.private,
            "owner": self.user(account(owner) if is_fork else parent.owner),
            "html_url": f"{WEB}/{full_name}",
            "fork": is_fork,
            "url": f"{self.api}/repos/{full_name}",
            "clone_url": f"{WEB}/{full_name}.git",
            "default_branch": parent.default_branch,
        }

    def _at(self, repository: Repository) -> str:
        return f"{self.api}/repos/{repository.full_name}"

    def _versioned(self, document: dict[str, Any]) -> dict[str, Any]:
        dropped = _DROPPED.get(self.version, ())
        return {name: value for name, value in document.items() if name not in dropped}


def _association(who: Account) -> str:
    return "NONE" if who.type == "Bot" else "MEMBER"


def _node(kind: str, number: int) -> str:
    return f"{kind[0]}_{base64.urlsafe_b64encode(f'{kind}{number}'.encode()).decode().rstrip('=')}"


def _number(text: str) -> int:
    return 1_000_000 + sum(ord(letter) * (place + 1) for place, letter in enumerate(text))
