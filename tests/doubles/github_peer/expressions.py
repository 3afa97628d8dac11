"""The expressions of workflows: `${{ }}` in texts, and conditions; what is not available is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import values
from .tree import (
    FUNCTIONS,
    STATUS,
    Both,
    Call,
    Comparison,
    Context,
    Either,
    Literal,
    Member,
    Node,
    Not,
    Scope,
)
from .values import NUMBER, Unsupported, Value, as_text, is_true

if TYPE_CHECKING:
    from collections.abc import Mapping

_LITERALS: Mapping[str, Value] = {"null": None, "true": True, "false": False}
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>{NUMBER})(?![\w.])|(?P<name>[A-Za-z_][\w-]*)|(?P<text>'(?:[^']|'')*')"
    r"|(?P<sign>&&|\|\||[=!<>]=|[<>!()\[\],.]))",
    re.ASCII,
)
_EMBEDDED = re.compile(r"\$\{\{((?:'[^']*'|[^'}]|\}(?!\}))*)\}\}")


def text(template: Value, scope: Scope) -> str:
    """Give a text with each `${{ }}` in it replaced by its value."""
    if not isinstance(template, str):
        return as_text(template)
    if template.count("${{") != len(_EMBEDDED.findall(template)):
        raise Unsupported(f"an expression is not closed: {template!r}")
    return _EMBEDDED.sub(lambda match: as_text(_evaluate(match[1], scope)), template)


def value(template: Value, scope: Scope) -> Value:
    """Give the value of a template that is one expression."""
    embedded = _EMBEDDED.fullmatch(as_text(template))
    if embedded is None:
        raise Unsupported(f"not one expression: {template!r}")
    return _evaluate(embedded[1], scope)


def truth(template: Value, scope: Scope) -> bool:
    """Give a setting that is `true`, `false`, or one expression."""
    answer = text(template, scope)
    if answer not in {"true", "false"}:
        raise Unsupported(f"neither true nor false: {template!r} is {answer!r}")
    return answer == "true"


def condition(template: Value, scope: Scope) -> bool:
    """Decide an `if`: with or without `${{ }}`, but not with some of it outside, which is always true."""
    source = as_text(template).strip() or "success()"
    embedded = _EMBEDDED.fullmatch(source)
    if embedded is None and "${{" in source:
        raise Unsupported(f"text outside of the expression makes this always true: {source!r}")
    parser = _Parser(embedded[1] if embedded else source, scope)
    tree = parser.whole()
    if not parser.asks_status:
        tree = Both(Call("success", ()), tree)
    return is_true(tree.value(scope))


def _evaluate(source: str, scope: Scope) -> Value:
    return _Parser(source, scope).whole().value(scope)


class _Parser:
    """Reads one expression; names and functions are checked here, also where nothing will evaluate them."""

    def __init__(self, source: str, scope: Scope) -> None:
        self._source = source
        self._scope = scope
        self._tokens = _tokens(source)
        self._place = 0
        self.asks_status = False

    def whole(self) -> Node:
        node = self._operation(0)
        if self._place < len(self._tokens):
            raise self._unexpected()
        return node

    def _operation(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._negation()
        node = self._operation(level + 1)
        while (operator := self._sign()) in _LEVELS[level]:
            self._place += 1
            right = self._operation(level + 1)
            if operator in {"&&", "||"}:
                node = (Both if operator == "&&" else Either)(node, right)
            else:
                node = Comparison(node, operator, right)
        return node

    def _negation(self) -> Node:
        if self._sign() == "!":
            self._place += 1
            return Not(self._negation())
        return self._members(self._primary())

    def _members(self, node: Node) -> Node:
        while (sign := self._sign()) in {".", "["}:
            self._place += 1
            if sign == ".":
                node = Member(node, Literal(self._take("name")))
            else:
                node = Member(node, self._operation(0))
                self._expect("]")
        return node

    def _primary(self) -> Node:
        kind, token = self._next()
        if kind == "number":
            return Literal(values.number(token))
        if kind == "text":
            return Literal(token[1:-1].replace("''", "'"))
        if kind == "name":
            return self._named(token)
        if kind != "sign" or token != "(":  # noqa: S105 - a bracket
            self._place -= 1
            raise self._unexpected()
        node = self._operation(0)
        self._expect(")")
        return node

    def _named(self, name: str) -> Node:
        if self._sign() == "(":
            return self._call(name)
        if name in _LITERALS:
            return Literal(_LITERALS[name])
        if name not in self._scope.contexts:
            raise Unsupported(f"{name!r} is not available here: {self._source.strip()!r}")
        return Context(name)

    def _call(self, name: str) -> Node:
        self._place += 1
        arguments: list[Node] = []
        while self._sign() != ")":
            if arguments:
                self._expect(",")
            arguments.append(self._operation(0))
        self._place += 1
        known = name.lower()
        if known in STATUS and self._scope.status is not None:
            self.asks_status = True
            fewest = most = 0
        elif known in FUNCTIONS:
            _, fewest, most = FUNCTIONS[known]
        else:
            raise Unsupported(f"the function {name!r} is not available here: {self._source.strip()!r}")
        if not fewest <= len(arguments) <= most:
            raise Unsupported(f"{name} takes {fewest} to {most} arguments: {self._source.strip()!r}")
        return Call(known, tuple(arguments))

    def _sign(self) -> str:
        kind, token = self._tokens[self._place] if self._place < len(self._tokens) else ("", "")
        return token if kind == "sign" else ""

    def _next(self) -> tuple[str, str]:
        if self._place == len(self._tokens):
            raise self._unexpected()
        self._place += 1
        return self._tokens[self._place - 1]

    def _take(self, kind: str) -> str:
        found, token = self._next()
        if found != kind:
            self._place -= 1
            raise self._unexpected()
        return token

    def _expect(self, sign: str) -> None:
        if self._sign() != sign:
            raise self._unexpected()
        self._place += 1

    def _unexpected(self) -> Unsupported:
        token = self._tokens[self._place][1] if self._place < len(self._tokens) else "its end"
        return Unsupported(f"unexpected {token!r} in the expression {self._source.strip()!r}")


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    while source[place:].strip():
        match = _TOKEN.match(source, place)
        if match is None or match.lastgroup is None:
            raise Unsupported(f"unexpected {source[place:].strip()!r} in the expression {source.strip()!r}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return tokens
