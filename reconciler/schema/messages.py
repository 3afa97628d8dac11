"""A validator's errors in the words of the people who write definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.schema import wrong_type
from reconciler.schema.quoting import clip, dotted, one_of, shown
from reconciler.schema.suggestions import Suggestions

SECOND = "second"  # the error of a key that stands beside the one it stands for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jsonschema import ValidationError

    from reconciler.schema.quoting import Place

Words = tuple[str, str, str]  # code, summary, detail

_FEW_KEYS = 8  # so many can be listed in a message


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of a document; `at_key` says that the key is meant, not its value.

    `path` is the place as people read it; for an unknown or a missing key it is the mapping of the key.
    """

    place: Place
    code: str
    summary: str
    detail: str
    path: str
    at_key: bool = False


def problems(errors: Iterable[ValidationError], schema: Mapping[str, Any]) -> Iterator[Problem]:
    """Put the errors of one document into words."""
    keys = _Keys(schema)
    for error in errors:
        place = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            yield Problem(place, *keys.unknown(error), dotted(place[:-1]), at_key=True)
        elif error.validator == "oneOf":
            is_second = error.message == SECOND
            yield Problem(
                place, *_one_of(error), dotted(place[:-1] if is_second else place), at_key=is_second
            )
        elif error.validator == "enum":
            yield Problem(place, *_enum(error, keys.suggestions), dotted(place))
        elif error.validator == "x-atMost":
            yield Problem(place, *_at_most(error), dotted(place))
        else:
            code, summary, detail = _WORDS.get(str(error.validator), _other)(error)
            if code in _REMOVABLE and not _is_required(place, schema):
                detail += f", or remove {'it' if isinstance(place[-1], int) else 'the line'}"
            yield Problem(place, code, summary, detail, dotted(place))


def _is_required(place: Place, schema: Mapping[str, Any]) -> bool:
    for step in place[:-1]:
        schema = schema.get("properties", {}).get(step, {})
    choices = [schema, *schema.get("oneOf", ())]
    return place == () or any(place[-1] in choice.get("required", ()) for choice in choices)


class _Keys:
    """The keys of a schema: where each belongs that has one place only."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.suggestions = Suggestions()
        parents: dict[str, list[str]] = {}
        for parent, key in _properties(schema):
            parents.setdefault(key, []).append(parent)
        self._homes = {key: found[0] for key, found in parents.items() if len(found) == 1}

    def unknown(self, error: ValidationError) -> Words:
        key, parent = str(error.path[-1]), error.schema
        noun, known = parent.get("x-noun", "key"), parent.get("properties", {})
        summary = f'unknown {noun} "{clip(key)}"'
        return "unknown-key", summary, self._fix(key, known) or _there_are(noun, known)

    def _fix(self, key: str, known: Iterable[str]) -> str:
        if key in self._homes:
            return f"It belongs {self._under(key)}"
        near = self.suggestions.nearest(key, known)
        if near is not None:
            return f'Did you mean "{near}"?'
        far = self.suggestions.nearest(key, self._homes)
        return f'Did you mean "{far}", {self._under(far)}?' if far is not None else ""

    def _under(self, key: str) -> str:
        return f'under "{self._homes[key]}"' if self._homes[key] else "at the top of the file"


def _properties(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, field in schema.get("properties", {}).items():
        yield path, key
        yield from _properties(field, f"{path}.{key}".removeprefix("."))


def _there_are(noun: str, known: Mapping[str, object]) -> str:
    if len(known) > _FEW_KEYS:
        return f"Remove it, or see the schema for the {noun}s that there are"
    return f"Remove it; the {noun}s here are {', '.join(known)}"


def _enum(error: ValidationError, suggestions: Suggestions) -> Words:
    listed, word = one_of(error.validator_value), str(error.instance)
    near = suggestions.nearest(word, error.validator_value, cutoff=0.8)
    # "inactive" is much like "active" and means the opposite.
    is_meant = near is not None and near[0] == word[0].lower()
    fix = f'Did you mean "{near}"?' if is_meant else f"Write {listed}"
    return "unknown-value", f"{shown(error.instance)} is not {listed}", fix


def _at_most(error: ValidationError) -> Words:
    pair = error.instance
    what = "the number of " if pair.is_counted else ""
    return (
        "out-of-order",
        f"{pair.lower} is {pair.low}, over {what}{pair.upper}, which is {pair.high}",
        f"Lower {pair.lower}, or {'add' if pair.is_counted else 'raise'} {pair.upper}",
    )


def _required(error: ValidationError) -> Words:
    key = error.message
    meaning = _meaning(error, key)
    return "missing-key", f'"{key}" is missing', f'Add "{key}"{meaning and ": "}{meaning}'


def _meaning(error: ValidationError, key: str) -> str:
    about = error.schema.get("properties", {}).get(key, {}).get("description", "").partition(". ")[0]
    return f"{about[:1].lower()}{about[1:].removesuffix('.')}"


def _one_of(error: ValidationError) -> Words:
    first, *others = error.instance
    if error.message == SECOND:
        return "both-keys", f'"{others[0]}" stands beside "{first}"', "Keep one of the two"
    rest = "".join(f', or "{key}": {_meaning(error, key)}' for key in others)
    return "missing-key", f'"{first}" is missing', f'Add "{first}": {_meaning(error, first)}{rest}'


def _type(error: ValidationError) -> Words:
    return wrong_type.explain(error.validator_value, error.instance, error.schema)


def _bound(error: ValidationError) -> Words:
    side = "under the minimum" if error.validator == "minimum" else "over the maximum"
    bounds = [str(error.schema[bound]) for bound in ("minimum", "maximum") if bound in error.schema]
    fix = f"Write a number from {' to '.join(bounds)}"
    if len(bounds) == 1:
        fix = f"Write {error.validator_value} or {'more' if error.validator == 'minimum' else 'less'}"
    return "out-of-range", f"{error.instance} is {side} of {error.validator_value}", fix


def _short(_: ValidationError) -> Words:
    return "too-short", "the text is empty", "Write something"


def _long(error: ValidationError) -> Words:
    size, allowed = len(error.instance), error.validator_value
    return "too-long", f"the text has {size} characters, at most {allowed} are allowed", "Shorten it"


def _few(_: ValidationError) -> Words:
    return "too-few-items", "the list is empty", "List at least one value"


def _many(error: ValidationError) -> Words:
    size, allowed = len(error.instance), error.validator_value
    return "too-many-items", f"the list has {size} items, at most {allowed} are allowed", "Remove some"


def _repeated(error: ValidationError) -> Words:
    return "repeated-item", f"{shown(error.instance)} is listed twice", "Remove one of the two"


def _format(error: ValidationError) -> Words:
    what, fix = _FORMATS[error.validator_value]
    return f"not-a-{error.validator_value}", f"{shown(error.instance)} is not {what}", fix


def _other(error: ValidationError) -> Words:
    # Not the library's own message: what a user reads must not change with its version.
    return "invalid", f"{shown(error.instance)} is not as the schema describes it", "See the schema"


_REMOVABLE = ("no-value", "too-few-items", "too-short")
_FORMATS = {
    "uri": (
        "a web address",
        "Copy it whole from a browser's address bar, such as https://example.com/page",
    ),
    "uuid": ("a UUID", "Copy the audience's id from the dashboard or the API"),
}
_WORDS: Mapping[str, Callable[[ValidationError], Words]] = {
    "format": _format,
    "maxItems": _many,
    "maxLength": _long,
    "maximum": _bound,
    "minItems": _few,
    "minLength": _short,
    "minimum": _bound,
    "required": _required,
    "type": _type,
    "uniqueItems": _repeated,
}
