"""A fault: what GitHub does wrong, to which requests and when; checked when it is made."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS: Mapping[str, tuple[str, ...]] = {
    "rate_limit": ("status", "seconds", "retry_after"),
    "secondary_limit": ("status", "retry_after"),
    "status": ("status", "message", "retry_after"),
    "html": ("status",),
    "redirect": ("status", "location"),
    "empty_list": (),
    "cut_json": (),
    "delay": ("seconds",),
    "drop": (),
    "reset": (),
}
"""Every kind, with the parameters that it takes; the package says what each does."""

_AFTER = ("empty_list", "cut_json")
_NEEDED = {"status": ("status",), "redirect": ("location",), "delay": ("seconds",)}
_MATCHING = {"kind", "method", "path", "when", "skip", "times"}


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One fault, at the requests that match after the first `skip`, `times` in all (None: for ever).

    `path` is a shell pattern, as `/repos/*/issues/*/comments` (`*` also crosses a slash), for the path as
    on github.com. `when="before"` stores nothing; `when="after"` stores, and then the fault shows.
    """

    kind: str
    method: str | None = None
    path: str = "*"
    when: str = ""
    skip: int = 0
    times: int | None = 1
    status: int | None = None
    message: str = "Server Error"
    seconds: float | None = None
    retry_after: str | None = None
    location: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.when not in {"", "before", "after"}:
            raise ValueError(f"no such fault: {self.kind!r}, when {self.when!r}")
        if unused := self._given() - _MATCHING - set(KINDS[self.kind]):
            raise ValueError(f"fault {self.kind!r} takes no {sorted(unused)}")
        if missing := set(_NEEDED.get(self.kind, ())) - self._given():
            raise ValueError(f"fault {self.kind!r} needs {sorted(missing)}")
        if self.kind in _AFTER and self.when == "before":
            raise ValueError(f"fault {self.kind!r} only comes after")
        object.__setattr__(self, "when", self.when or ("after" if self.kind in _AFTER else "before"))

    def _given(self) -> set[str]:
        return {
            field.name
            for field in fields(self)
            if field.default is MISSING or getattr(self, field.name) != field.default
        }

    @property
    def prevents_storing(self) -> bool:
        return self.when == "before" and self.kind != "delay"

    def matches(self, method: str, path: str) -> bool:
        return self.method in {None, method} and fnmatchcase(path, self.path)


class Script:
    """The faults that were injected, each counting for itself the requests that it matches."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: list[int] = []

    def add(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self._faults.append(fault)
            self._seen.append(0)

    def draw(self, method: str, path: str) -> tuple[Fault, ...]:
        """Count this request, and give every fault that fires at it, in the order of injection."""
        fired = []
        for index, fault in enumerate(self._faults):
            if fault.matches(method, path):
                turn = self._seen[index] - fault.skip
                self._seen[index] += 1
                if turn >= 0 and (fault.times is None or turn < fault.times):
                    fired.append(fault)
        return tuple(fired)

    @property
    def unfired(self) -> tuple[Fault, ...]:
        pairs = zip(self._faults, self._seen, strict=True)
        return tuple(fault for fault, seen in pairs if seen <= fault.skip)
