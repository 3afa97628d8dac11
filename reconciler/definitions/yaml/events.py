"""libyaml's events for a text, and where a text stops being YAML."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import yaml
from yaml.scanner import ScannerError

from reconciler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

# Only the events are used: libyaml's own loader recurses, and crashes on deep input. PyYAML without libyaml
# has a parser of its own, which reads tabs, tags and signs otherwise: one file would mean two things.
_LOADER = getattr(yaml, "CSafeLoader", None)


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a text stops being YAML, as indexes into it; what PyYAML says of it is left out on purpose.

    `start` is where a wrong token begins and `stop` where that shows, if `is_token`. Otherwise the tokens are
    right, and the one at `stop` is out of place; `bracket` is the innermost bracket that is then open.
    """

    start: int
    stop: int
    is_token: bool
    bracket: int | None = None


def events(text: str) -> Iterator[yaml.Event | Fault]:
    """Yield the events of a text. A text that is not YAML ends with a fault, after the events before it.

    Raises SettingsError where PyYAML was installed without libyaml.

    PyYAML looks up to 1,024 characters ahead for the colon of a key. A fault there, or more brackets than
    libyaml allows, lose it the events of what it has passed: those are taken from the text before the fault.
    """
    taken = 0
    for item in _parsed(text):
        if isinstance(item, Fault) and item.is_token:
            earlier = yield from _passed(text[: item.start], taken)
            yield earlier or item
        else:
            yield item
            taken += 1


def _passed(before: str, taken: int) -> Generator[yaml.Event, None, Fault | None]:
    """Yield the events that follow those taken, and return the fault among them.

    What is there only because this part of the text ends where it does is left out.
    """
    last = len(before.rstrip())
    for item in islice(_parsed(before), taken, None):
        if isinstance(item, Fault):
            # Brackets where a key must be are wrong whatever is in them.
            is_real = before.startswith(("[", "{"), item.start) if item.is_token else item.stop < last
            return item if is_real else None
        if isinstance(item, yaml.ScalarEvent | yaml.DocumentEndEvent) and end_index(item) >= last:
            return None
        yield item
    return None


def parser(text: str) -> Callable[[], yaml.Event]:
    """Return what returns the next event of a text at each call, and raises YAMLError where it is not YAML.

    Raises SettingsError where PyYAML was installed without libyaml.
    """
    parse: Callable[[], yaml.Event] = _loader()(text).get_event
    return parse


def _loader() -> Any:  # noqa: ANN401 - PyYAML's types know nothing of libyaml
    if _LOADER is None:
        raise SettingsError(
            "PyYAML is installed without libyaml",
            "Install its wheel: python -m pip install --force-reinstall --only-binary :all: pyyaml",
        )
    return _LOADER


def _parsed(text: str) -> Iterator[yaml.Event | Fault]:
    brackets: list[int | None] = []
    try:
        for event in yaml.parse(text, Loader=_loader()):
            if isinstance(event, yaml.CollectionStartEvent):
                brackets.append(_bracket(event, text))
            elif isinstance(event, yaml.CollectionEndEvent):
                brackets.pop()
            yield event
    except yaml.MarkedYAMLError as error:
        stop = error.problem_mark.index if error.problem_mark else 0
        start = error.context_mark.index if error.context_mark else stop
        is_token = isinstance(error, ScannerError)
        innermost = next((one for one in reversed(brackets) if one is not None), None)
        yield Fault(start, stop, is_token, None if is_token else innermost)


def _bracket(event: yaml.CollectionStartEvent, text: str) -> int | None:
    """Return where the collection's bracket is. The mapping in `[a: b]` has none, nor have those of lines."""
    last = end_index(event) - 1
    return last if end_index(event) > start_index(event) and text.startswith(("[", "{"), last) else None


def start_index(event: yaml.Event) -> int:
    """Return the index of the first character that an event stands for."""
    return event.start_mark.index if event.start_mark else 0


def end_index(event: yaml.Event) -> int:
    """Return the index behind the last character that an event stands for."""
    return event.end_mark.index if event.end_mark else 0
