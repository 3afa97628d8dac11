"""A fault: what the peer does wrong, to which requests, and at which moment; checked when it is made."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHAPES = ("nested", "message", "error", "detail", "title", "text", "html", "empty")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind accepts: its moments (the first is the default), parameters, and requests it can meet."""

    moments: tuple[str, ...] = ("after", "before")
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    method: str | None = None
    route: str | None = None


_INSTEAD = ("before", "after")
_ERROR = ("shape", "message", "code", "location", "retry_after", "retry_date", "echo_key")

KINDS: Mapping[str, Kind] = {
    # time and neighbours
    "delay": Kind(_INSTEAD, required=("seconds",)),
    "edit": Kind(required=("changes",), optional=("target",)),
    "refuse": Kind(("after",), required=("seconds",)),
    # what is stored, and what is seen of it
    "lie": Kind(("before",), method="PATCH"),
    "stale": Kind(("after",), one_of=("seconds", "reads"), method="PATCH"),
    "merged_config": Kind(("after",), method="PATCH"),
    "filled_defaults": Kind(("after",)),
    "reordered": Kind(("after",)),
    "normalised": Kind(("after",), method="PATCH"),
    "echo": Kind(("after",), method="PATCH"),
    "stripped": Kind(("after",), optional=("keys",), method="PATCH"),
    "clamped": Kind(("after",), optional=("least",), method="PATCH"),
    # another answer
    "status": Kind(_INSTEAD, required=("status",), optional=_ERROR),
    "html": Kind(_INSTEAD),
    "body": Kind(_INSTEAD, required=("text",)),
    "empty_body": Kind(),
    # another document
    "empty_list": Kind(("after",), method="GET", route="list"),
    "partial_list": Kind(("after",), required=("ids",), method="GET", route="list"),
    "short_list": Kind(("after",), required=("size",), optional=("offset",), method="GET", route="list"),
    "twin": Kind(("after",), optional=("target",), method="GET", route="list"),
    "endless": Kind(("after",), method="GET", route="list"),
    "short_body": Kind(),
    "old_body": Kind(method="PATCH"),
    "unknown_fields": Kind(),
    "value": Kind(required=("path",), optional=("value", "target")),
    "nan": Kind(),
    "surrogate": Kind(),
    # other bytes
    "cut_json": Kind(),
    "duplicate_keys": Kind(),
    "deep": Kind(optional=("size",)),
    "huge": Kind(optional=("size",)),
    "gzip_bomb": Kind(optional=("size",)),
    # another way of the bytes
    "drop": Kind(_INSTEAD),
    "reset": Kind(_INSTEAD),
    "half_close": Kind(optional=("part",)),
    "truncate": Kind(optional=("size",)),
    "drip": Kind(required=("size", "seconds")),
}
"""Every kind; `tests/doubles/peer/__init__.py` says what each does."""

_MATCHING = ("kind", "method", "route", "id", "when", "nth", "skip", "times")
_CHOICES: Mapping[str, tuple[str | None, ...]] = {
    "kind": tuple(KINDS),
    "method": (None, "GET", "PATCH", "POST"),
    "route": (None, "list", "one", "validate", "preview"),
    "shape": SHAPES,
    "part": ("headers", "body"),
}
_MINIMUM = {"nth": 1, "skip": 0, "times": 1, "seconds": 0, "size": 1, "reads": 1, "status": 200}


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One fault. It fires at the matching requests number `skip + nth` and on, `times` in all (None: for ever).

    `when="before"` means that the request stores nothing (`delay` and `edit` only come before the store);
    `when="after"` means that it stores, and then the fault shows. Left out, it is the kind's own default.
    """

    kind: str
    method: str | None = None
    route: str | None = None
    id: str | None = None
    when: str = ""
    nth: int = 1
    skip: int = 0
    times: int | None = 1
    seconds: float | None = None
    size: int | None = None
    reads: int | None = None
    part: str = "body"
    status: int | None = None
    shape: str = "nested"
    message: str = "refused by the script"
    code: str | None = None
    location: str | None = None
    retry_after: str | None = None
    retry_date: float | None = None
    echo_key: bool = False
    ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    least: int = 50
    offset: bool = False
    target: str | None = None
    changes: Mapping[str, Any] | None = None
    path: str | None = None
    value: Any = None
    text: str | None = None

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"fault {self.kind!r}: {name} is {getattr(self, name)!r}, not one of {choices}"
                )
        for name, least in _MINIMUM.items():
            given = getattr(self, name)
            if given is not None and (isinstance(given, bool) or given < least):
                raise ValueError(f"fault {self.kind!r}: {name} is {given}, less than {least}")
        self._check_parameters(KINDS[self.kind])
        self._narrow(KINDS[self.kind])

    def _check_parameters(self, kind: Kind) -> None:
        given = self._given() - set(_MATCHING)
        if missing := set(kind.required) - given:
            raise ValueError(f"fault {self.kind!r} needs {sorted(missing)}")
        if unused := given - {*kind.required, *kind.optional, *kind.one_of}:
            raise ValueError(f"fault {self.kind!r} takes no {sorted(unused)}")
        if kind.one_of and len(given & set(kind.one_of)) != 1:
            raise ValueError(f"fault {self.kind!r} needs exactly one of {kind.one_of}")

    def _narrow(self, kind: Kind) -> None:
        """Fill in what the kind implies, and refuse what it can never meet."""
        implied = {"method": kind.method, "route": kind.route, "when": self.when or kind.moments[0]}
        if (
            "PATCH" in {self.method, kind.method}
            or self.id is not None
            or (self.kind == "edit" and self.target is None)
        ):
            implied["route"] = implied["route"] or "one"
        if "POST" in {self.method, kind.method} or self.route in {"validate", "preview"}:
            implied |= {"method": "POST", "route": "preview" if self.route == "preview" else "validate"}
        for name, value in implied.items():
            given = getattr(self, name)
            if value and given and given != value:
                raise ValueError(f"fault {self.kind!r}: {name}={given!r} never happens; it is {value!r}")
            object.__setattr__(self, name, given or value)
        if self.when not in kind.moments or (kind.route == "list" and self.id is not None):
            raise ValueError(f"fault {self.kind!r} never meets when={self.when!r}, id={self.id!r}")

    def _given(self) -> set[str]:
        return {
            field.name
            for field in fields(self)
            if field.default is MISSING or getattr(self, field.name) != field.default
        }

    @property
    def prevents_storing(self) -> bool:
        return self.when == "before" and self.kind not in {"delay", "edit"}

    def matches(self, method: str, route: str | None, audience_id: str | None) -> bool:
        wanted = ((self.method, method), (self.route, route), (self.id, audience_id))
        return all(want is None or want == have for want, have in wanted)

    def to_json(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in sorted(self._given())}
        # A tuple equals no list: what goes out must be what a JSON reader gives back.
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        if unknown := set(document) - {field.name for field in fields(cls)}:
            raise ValueError(f"a fault has no {sorted(unknown)}")
        tuples = {name: tuple(document.get(name, ())) for name in ("ids", "keys")}
        return cls(**{**document, **tuples})


class Script:
    """The faults that were injected, each counting for itself the requests that it matches."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: list[int] = []

    def add(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self._faults.append(fault)
            self._seen.append(0)

    def draw(self, method: str, route: str | None, audience_id: str | None) -> tuple[Fault, ...]:
        """Count this request, and give every fault that fires at it, in the order of injection."""
        fired = []
        for index, fault in enumerate(self._faults):
            if fault.matches(method, route, audience_id):
                self._seen[index] += 1
                turn = self._seen[index] - fault.skip - fault.nth
                if turn >= 0 and (fault.times is None or turn < fault.times):
                    fired.append(fault)
        return tuple(fired)

    @property
    def unfired(self) -> tuple[Fault, ...]:
        pairs = zip(self._faults, self._seen, strict=True)
        return tuple(fault for fault, seen in pairs if seen < fault.skip + fault.nth)
