"""What a definition says that the organization's catalogue does not know, each at its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from reconciler import schema
from reconciler.errors import Diagnostic
from reconciler.schema.extension import UNDOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.definitions.yaml.reader import Document
    from reconciler.model import Catalogue, Filter, Rules
    from reconciler.schema.messages import Problem

Place = tuple[str | int, ...]
_FILTERS: Place = ("config", "filters")
_TOPICS: Place = ("config", "topicIds")


def problems(document: Document, file: str, rules: Rules, catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Yield each filter, operator, value and topic of a document that the catalogue does not have.

    What the schema has something against is passed over: it is said already.
    """
    check = _Check(document, file, catalogue)
    for key, value in _object(document.value, *_FILTERS).items():
        if ("config", "filters", key) in rules:
            yield from check.filter(key, value)
    topics = _object(document.value, "config").get("topicIds")
    for index, topic in enumerate(topics if isinstance(topics, list) else ()):
        if type(topic) is int:
            yield from check.topic(topic, (*_TOPICS, index))


def unsettable(problem: Problem, catalogue: Catalogue) -> Problem:
    """Return a problem in other words where it is a filter that the catalogue has and no file can set."""
    key = problem.place[-1] if problem.code == "unknown-key" and problem.place[:-1] == _FILTERS else None
    known = catalogue.filters.get(key) if isinstance(key, str) else None
    if known is None or known.type != UNDOCUMENTED:
        return problem
    summary = f'"{key}" is a number range, whose values the vendor does not document'
    return replace(problem, summary=summary, detail="Remove it: it stays as it is live")


class _Check:
    """One document against the catalogue."""

    def __init__(self, document: Document, file: str, catalogue: Catalogue) -> None:
        self._document = document
        self._file = file
        self._catalogue = catalogue
        self._near = schema.Suggestions()
        lifecycle = _object(document.value, "lifecycle")
        self._is_lenient = lifecycle.get("allow_unknown_values") is True

    def filter(self, key: str, value: object) -> Iterator[Diagnostic]:
        place = (*_FILTERS, key)
        known = self._catalogue.filters.get(key)
        if known is None:
            # The first generation's lists have only the filters whose values are listed.
            if self._catalogue.generation != 1 or "." in key:
                words = ("unknown-filter", f'"{key}" is not a filter of this organization\'s API')
                yield self._at(place, words, key, self._catalogue.filters, is_key=True)
            return
        yield from self._operator(known, value, place)
        for where, text in _values(value, place):
            if known.values and text not in known.values and not self._is_lenient:
                words = ("unknown-value", f'"{schema.clip(text)}" is not among the values of {key}')
                yield self._at(where, words, text, known.values)

    def _operator(self, known: Filter, value: object, place: Place) -> Iterator[Diagnostic]:
        operator = value.get("operator") if isinstance(value, dict) else None
        if isinstance(operator, str) and known.operators and operator not in known.operators:
            words = ("unknown-operator", f'"{schema.clip(operator)}" is not an operator of {place[-1]}')
            yield self._at((*place, "operator"), words, operator, known.operators)

    def topic(self, topic: int, place: Place) -> Iterator[Diagnostic]:
        topics = self._catalogue.topics
        if topic not in topics:
            yield self._diagnostic(
                "warning", place, ("unknown-topic", f"topic {topic} is not in catalogue.json"), _UPDATE
            )
        elif topics[topic] is None and not self._is_lenient:
            words = ("unknown-topic", f"the API has no topic {topic}")
            yield self._diagnostic(
                self._severity, place, words, "Find its id with `reconciler topics search WORDS`"
            )

    @property
    def _severity(self) -> str:
        return "warning" if self._catalogue.is_fallback else "error"

    def _at(
        self, place: Place, words: tuple[str, str], word: str, known: Iterable[str], *, is_key: bool = False
    ) -> Diagnostic:
        near = self._near.nearest(word, known)
        hint = f'Did you mean "{near}"? {_ELSE}' if near else _ELSE
        return self._diagnostic(self._severity, place, words, hint, is_key=is_key)

    def _diagnostic(
        self, severity: str, place: Place, words: tuple[str, str], hint: str, *, is_key: bool = False
    ) -> Diagnostic:
        mark = (self._document.keys if is_key else self._document.values)[place]
        path = ".".join(str(step) for step in place if isinstance(step, str))
        is_error = severity == "error"
        return Diagnostic(
            "error" if is_error else "warning", *words, hint, self._file, mark.line, mark.column, path
        )


def _object(value: object, *steps: str | int) -> dict[str, Any]:
    """Return the object at a place, and an empty one where there is none."""
    for step in steps:
        value = value.get(cast("str", step)) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _values(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield a filter's texts and their places, whatever its form."""
    if isinstance(value, str):
        yield place, value
        return
    inner = (*place, "values") if isinstance(value, dict) else place
    items: Sequence[object] = value.get("values") if isinstance(value, dict) else value  # type: ignore[assignment]
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, str):
            yield (*inner, index), item


_UPDATE = "Run `reconciler catalogue update`"
_ELSE = "If it is new, run `reconciler catalogue update`"
