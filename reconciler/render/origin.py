"""Where what is shown comes from, and where its files can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_NAME = "LEADPIPE_API_KEY"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is: the address under which files can be seen at a commit, that commit, and when it is.

    Each is empty where it is not known; `author` is who asks for the change, and `commits` the address under
    which commits can be seen. `artifacts` is where the run lists what it keeps, `page` the plan's name there.
    `key_name` is the name of the key to the organization that is shown.
    """

    files: str = ""
    commit: str = ""
    time: str = ""
    author: str = ""
    commits: str = ""
    artifacts: str = ""
    page: str = ""
    key_name: str = KEY_NAME

    def link(self, words: str, file: str, line: int) -> str:
        """Return words of Markdown that lead to a line of a file, where files can be seen."""
        return f"[{words}]({self.files}/{quote(file, errors='replace')}#L{line})" if self.files else words

    def commit_link(self, words: str, sha: str) -> str:
        """Return words of Markdown that lead to a commit, where commits can be seen."""
        return f"[{words}]({self.commits}/{sha})" if self.commits else words

    def page_link(self) -> str:
        """Return in Markdown where the plan is as a page, empty where it is not kept as one."""
        if not (self.artifacts and self.page):
            return ""
        return f"[See it as a page, with pictures]({self.artifacts}): open `{self.page}` under *Artifacts*."


NOWHERE = Place()


def organization(origin: str, write: Callable[[str], str], key_name: str = KEY_NAME) -> str:
    """Return whose audiences a plan is of: those that a key's name stands for at a host, or the sandbox's.

    A key reaches exactly one organization, and its name is all of it that may be shown. `write` is how the
    reader's medium writes text from outside.
    """
    host = origin.partition("://")[2].partition("/")[0]
    return f"the organization of {write(key_name)} at {write(host)}" if host else write(origin)
