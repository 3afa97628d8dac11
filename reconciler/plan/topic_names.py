"""Names of topics that mean other ones since a base: the definitions say the same, the catalogue does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic
from reconciler.model import spell
from reconciler.plan.places import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model import Definition

_TOPICS = ("config", "topicIds")


def changed(base: Mapping[str, Definition], definitions: Sequence[Definition]) -> Iterator[Diagnostic]:
    """Yield a warning for each name that stands for another topic, at the first definition that says it."""
    found: dict[tuple[str, int, int], list[Definition]] = {}
    for definition in definitions:
        before = base[definition.id].topics if definition.id in base else {}
        for name, topic in definition.topics.items():
            if before.get(name, topic) != topic:
                found.setdefault((name, before[name], topic), []).append(definition)
    for (name, old, new), (first, *others) in sorted(found.items(), key=lambda item: item[0]):
        more = f', in "{first.name}" and {len(others)} more' if others else ""
        summary = f"{spell(name)} is topic {new} by catalogue.json, and was topic {old} before{more}"
        yield Diagnostic(
            "warning", "topic-changed", summary, _HINT, *place_of(first, _TOPICS), "config.topics"
        )


_HINT = "The definition says the same; look whether it still means the same people"
