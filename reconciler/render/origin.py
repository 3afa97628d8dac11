"""Where what is shown comes from, and where its files can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is: the address under which files can be seen at a commit, that commit, and when it is.

    Each is empty where it is not known; `author` is who asks for the change, and `commits` the address under
    which commits can be seen.
    """

    files: str = ""
    commit: str = ""
    time: str = ""
    author: str = ""
    commits: str = ""

    def link(self, words: str, file: str, line: int) -> str:
        """Return words of Markdown that lead to a line of a file, where files can be seen."""
        return f"[{words}]({self.files}/{quote(file, errors='replace')}#L{line})" if self.files else words

    def commit_link(self, words: str, sha: str) -> str:
        """Return words of Markdown that lead to a commit, where commits can be seen."""
        return f"[{words}]({self.commits}/{sha})" if self.commits else words


NOWHERE = Place()


def host(origin: str) -> str:
    """Return the name by which people know an API: its host, or what it is called without one."""
    return origin.partition("://")[2].partition("/")[0] or origin
