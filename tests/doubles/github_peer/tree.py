"""The tree of an expression, and what each node in it is worth in a scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import values
from .values import Value, compare, is_true, member

Function = Callable[..., Value]

FUNCTIONS: Mapping[str, tuple[Function, int, int]] = {
    "contains": (values.contains, 2, 2),
    "startswith": (values.starts_with, 2, 2),
    "endswith": (values.ends_with, 2, 2),
    "format": (values.formatted, 1, 255),
    "join": (values.joined, 1, 2),
    "tojson": (values.to_json, 1, 1),
    "fromjson": (values.from_json, 1, 1),
}
"""The functions that are everywhere, with the fewest and the most arguments."""

STATUS = frozenset({"always", "success", "failure", "cancelled"})
"""The functions that only a condition has; one that calls none of them also asks for `success()`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that can be used at a place, and the status functions if it is a condition."""

    contexts: Mapping[str, Any]
    status: Mapping[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    literal: Value

    def value(self, _: Scope) -> Value:
        return self.literal


@dataclass(frozen=True, slots=True)
class Context:
    name: str

    def value(self, scope: Scope) -> Value:
        found: Value = scope.contexts[self.name]
        return found


@dataclass(frozen=True, slots=True)
class Member:
    of: Node
    key: Node

    def value(self, scope: Scope) -> Value:
        return member(self.of.value(scope), self.key.value(scope))


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Node, ...]

    def value(self, scope: Scope) -> Value:
        if self.name in STATUS:
            return (scope.status or {})[self.name]
        return FUNCTIONS[self.name][0](*(argument.value(scope) for argument in self.arguments))


@dataclass(frozen=True, slots=True)
class Not:
    node: Node

    def value(self, scope: Scope) -> Value:
        return not is_true(self.node.value(scope))


@dataclass(frozen=True, slots=True)
class Both:
    left: Node
    right: Node

    def value(self, scope: Scope) -> Value:
        left = self.left.value(scope)
        return self.right.value(scope) if is_true(left) else left


@dataclass(frozen=True, slots=True)
class Either:
    left: Node
    right: Node

    def value(self, scope: Scope) -> Value:
        left = self.left.value(scope)
        return left if is_true(left) else self.right.value(scope)


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Node
    operator: str
    right: Node

    def value(self, scope: Scope) -> Value:
        return compare(self.left.value(scope), self.operator, self.right.value(scope))


Node = Literal | Context | Member | Call | Not | Both | Either | Comparison
