"""Drift, offered as a pull request that takes what is live into the files."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import git_history, interrupts
from reconciler.app import adopting, planning, settings
from reconciler.errors import SettingsError
from reconciler.github import proposal, sticky
from reconciler.github.proposal import Proposal
from reconciler.github.rest import GitHub
from reconciler.render import comment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.app.rewriting import Rewriting
    from reconciler.github.environment import Environment

TITLE = "Keep what is live in the files"
_EXECUTABLE = 0o100
_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class DriftAdoption:
    """The files in which drift would be none, and the pull request that proposes them."""

    environment: Environment
    paths: Sequence[str]
    rewriting: Rewriting

    def publish(self) -> str:
        """Open the pull request, update it, or close it where nothing is left to take; return its address.

        Raises SettingsError for a run that is on no branch, FileError where git cannot tell, and ApiError.
        """
        owner = self.environment.repository.partition("/")[0]
        branch = f"reconciler/adopt-{sticky.kind('drift', self.paths)}"
        with GitHub(self.environment) as github:
            if not self.rewriting.changes:
                proposal.withdraw(github, owner, branch)
                return ""
            address = proposal.publish(github, owner, self._proposal(branch))
        self.environment.set_outputs({"pull-request": address})
        return address

    def _proposal(self, branch: str) -> Proposal:
        ref, prefix = self.environment.ref, git_history.prefix(self.paths)
        if not ref.startswith(_HEADS):
            raise SettingsError("this run is on no branch", "Start it on the branch that the files are on")
        files = {
            posixpath.normpath(f"{prefix}{Path(one.file).as_posix()}"): (one.after.decode(), _mode(one.file))
            for one in self.rewriting.changes
        }
        (head,) = git_history.first_parents(self.paths, 1)
        return Proposal(branch, ref.removeprefix(_HEADS), head, files, TITLE, self._body())

    def _body(self) -> str:
        changes, left = self.rewriting.changes, self.rewriting.diagnostics
        return comment.fit(
            lambda *, max_shown, **_: comment.adoption(changes, left, max_shown=max_shown),
            len(changes),
            comment.MAX_COMMENT,
        )


def _mode(file: str) -> str:
    return "100755" if Path(file).stat().st_mode & _EXECUTABLE else "100644"


def find(environment: Environment, paths: Sequence[str], *, is_sandbox: bool) -> DriftAdoption:
    """Read what is live into the definitions, and write nothing yet.

    Raises DefinitionError, SettingsError or ApiError.
    """
    loaded, connection = planning.load(paths), settings.connection(is_sandbox=is_sandbox)
    live = interrupts.run(adopting.read(loaded.definitions, connection, loaded.catalogue))
    return DriftAdoption(environment, paths, adopting.adopt(loaded.definitions, live, None, loaded.catalogue))
