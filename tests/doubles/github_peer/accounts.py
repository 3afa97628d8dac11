"""Who is behind a token, and what the token lets them do."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Access = Literal["none", "read", "write"]
_LEVELS = {"none": 0, "read": 1, "write": 2}

PERMISSIONS = [
    "actions",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "id-token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "security-events",
    "statuses",
]
"""What `permissions:` in a workflow can name."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user, a bot or an organization, as `user` objects show it."""

    login: str
    id: int
    type: Literal["User", "Bot", "Organization"] = "User"

    @property
    def slug(self) -> str:
        """The app's name; only a bot has one."""
        return self.login.removesuffix("[bot]")


ACTIONS = Account("github-actions[bot]", 41898282, "Bot")
"""Who acts behind a workflow's GITHUB_TOKEN."""


def account(login: str) -> Account:
    """Give the account of that login, the same one every time; a login in `[bot]` is a bot's."""
    if login == ACTIONS.login:
        return ACTIONS
    return Account(
        login, 1_000_000 + zlib.crc32(login.encode()), "Bot" if login.endswith("[bot]") else "User"
    )


@dataclass(frozen=True, slots=True)
class Token:
    """An installation's token has permissions in one repository; a user's has that user's access."""

    value: str
    account: Account
    repository: str | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    access: Access = "none"

    @property
    def is_installation(self) -> bool:
        return self.repository is not None

    def can_see(self, repository: str, *, private: bool) -> bool:
        if not private:
            return True
        return self.repository == repository if self.is_installation else self.access != "none"

    def can_read(self, repository: str, names: Iterable[str], *, private: bool) -> bool:
        if not private or not self.is_installation:
            return self.can_see(repository, private=private)
        return self.repository == repository and self._grants(names, "read")

    def can_write(self, repository: str, names: Iterable[str]) -> bool:
        if not self.is_installation:
            return self.access == "write"
        return self.repository == repository and self._grants(names, "write")

    def _grants(self, names: Iterable[str], level: str) -> bool:
        return any(_LEVELS[self.permissions.get(name, "none")] >= _LEVELS[level] for name in names)


def checked(permissions: Mapping[str, str]) -> dict[str, str]:
    """Give the permissions as they are, if each is one that a workflow can ask for."""
    for name, level in permissions.items():
        if name not in PERMISSIONS or level not in _LEVELS:
            raise ValueError(f"no such permission: {name}: {level}")
    return dict(permissions)


def read_only(permissions: Mapping[str, str]) -> dict[str, str]:
    """Give what is left of the permissions in a pull request from a fork."""
    return {name: "read" if level == "write" else level for name, level in checked(permissions).items()}
