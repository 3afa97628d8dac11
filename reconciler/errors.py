"""What can go wrong, as values and as exceptions.

A problem that a person must fix is a `Diagnostic`: a value, collected and reported all at once.
An exception stops the run; `cli` turns the one that reaches it into a message and an exit code.

    ReconcilerError
    ├── DefinitionError      definitions that cannot be used; carries every diagnostic
    ├── SettingsError        a key, origin, option or settings file that cannot be used
    ├── FileError            a file that cannot be read or written
    ├── ApiError
    │   ├── ApiUnreachable   no response within the retry budget
    │   ├── ApiRejected      a response that refuses: method, path, status, the server's message
    │   └── ApiContractError a response that is not what the contract says
    │       └── ResponseTooLarge
    ├── Interrupted          the person or the runner asked to stop
    ├── Refused              the reconciler declines; nothing was written
    │   ├── NotApproved
    │   ├── StalePlan
    │   ├── LimitExceeded
    │   │   └── SlotsExceeded
    │   ├── ReachDenied
    │   ├── PolicyDenied
    │   └── ProtectedAudience
    ├── DatabaseError        the database of durable applies cannot be used
    ├── LeaseLost            a worker of durable applies was taken for dead
    ├── NotEditableError     a value in a form of YAML in which nothing can be put in its place
    └── NotStrictError       text that is not strict JSON, wherever it came from
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from reconciler import wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: the thing, the place, what is wrong (`summary`) and the fix (`detail`).

    `line` and `column` count from 1; a column counts characters, not bytes.
    """

    severity: Severity
    code: str
    summary: str
    detail: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str | None = None

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


class ReconcilerError(Exception):
    """The base of every expected failure: `summary` says what is wrong, `detail` the fix."""

    code: ClassVar[str] = "error"

    def __init__(self, summary: str, detail: str = "") -> None:
        super().__init__(f"{summary}. {detail}" if detail else f"{summary}.")
        self.summary = summary
        self.detail = detail

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (Diagnostic("error", self.code, self.summary, self.detail),)


class DefinitionError(ReconcilerError):
    """Definitions that cannot be used, with *all* their diagnostics."""

    code = "definition"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        count = sum(diagnostic.is_error for diagnostic in diagnostics)
        super().__init__(f"{wording.count(count, 'problem')} in the definitions", "Fix them and run again")
        self._diagnostics = tuple(diagnostics)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self._diagnostics


class SettingsError(ReconcilerError):
    """A key, an origin, an option or a settings file that cannot be used."""

    code = "settings"


class FileError(ReconcilerError):
    """A file other than a definition that cannot be read or written."""

    code = "file"


class ApiError(ReconcilerError):
    """The API did not do what was needed."""

    code = "api"


class ApiUnreachable(ApiError):
    """No response came within the retry budget."""

    code = "api-unreachable"


class ApiRejected(ApiError):
    """The API refused, by the status of its response.

    `message` is the server's own text, cut to a readable length and without the key;
    `error_code` is the body's `code`, such as `SLOTS_FULL`, where there is one.
    """

    code = "api-rejected"

    def __init__(
        self,
        method: str,
        path: str,
        status: int,
        message: str,
        *,
        error_code: str | None = None,
        detail: str = "",
    ) -> None:
        reason = f": {message}" if message else ""
        super().__init__(f"{method} {path} returned {status}{reason}", detail)
        self.method = method
        self.path = path
        self.status = status
        self.message = message
        self.error_code = error_code


class ApiContractError(ApiError):
    """A response that is not what the contract says; the summary names the place."""

    code = "api-contract"


class ResponseTooLarge(ApiContractError):
    """A response that is longer than what is read of one."""

    code = "response-too-large"


class Interrupted(ReconcilerError):
    """The person or the runner asked to stop, before anything was written."""

    code = "interrupted"


class Refused(ReconcilerError):
    """The reconciler declines to go on; nothing was written. `heading` is the reason in a word or two."""

    code = "refused"
    heading: ClassVar[str] = "Refused"


class NotApproved(Refused):
    """Nobody approved the plan."""

    code = "not-approved"
    heading = "Not approved"


class StalePlan(Refused):
    """The fresh plan is not the reviewed one."""

    code = "stale-plan"
    heading = "Out of date"


class LimitExceeded(Refused):
    """The plan goes over a limit that protects the organization."""

    code = "limit-exceeded"
    heading = "Too much at once"


class SlotsExceeded(LimitExceeded):
    """The plan activates more audiences than there are free slots."""

    code = "slot-limit"
    heading = "No room"


class ReachDenied(Refused):
    """The plan reaches more or fewer people than `deny_reach` allows, or nobody knows how many."""

    code = "reach-denied"
    heading = "People"


class PolicyDenied(Refused):
    """The plan changes audiences that then break a policy, or still do; each has a diagnostic."""

    code = "policy-denied"
    heading = "Policy"

    def __init__(self, summary: str, detail: str = "", found: Sequence[Diagnostic] = ()) -> None:
        super().__init__(summary, detail)
        self._found = tuple(replace(one, severity="error") for one in found)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self._found or super().diagnostics


class ProtectedAudience(Refused):
    """The plan changes an audience whose definition says `lifecycle.protect`."""

    code = "protected-audience"
    heading = "Protected"


class NotEditableError(ReconcilerError):
    """A value in a form in which it cannot be written back, such as a key after a question mark."""

    code = "not-editable"


# A refusal travels as a diagnostic with its code, in a plan, a saved result and a comment; this leads back.
REFUSALS: Mapping[str, type[Refused]] = {
    refusal.code: refusal
    for refusal in (
        NotApproved,
        StalePlan,
        LimitExceeded,
        SlotsExceeded,
        ReachDenied,
        PolicyDenied,
        ProtectedAudience,
    )
}
