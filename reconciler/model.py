"""Audiences and their values, frozen and normalised so that comparing them is plain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii as _quoted  # what json.dumps makes of a text, at once
from types import MappingProxyType
from typing import Literal

Path = tuple[str, ...]
Value = None | bool | int | float | str | tuple["Value", ...] | frozenset["Value"] | Mapping[str, "Value"]
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Kind = Literal["string", "integer", "boolean", "set", "object", "group"]
Raising = Literal["wider", "narrower"]
Strictness = Literal["deny", "warn"]

FALLBACK = "static_fallback"  # a catalogue that may be old, in the API's word and in catalogue.json
MAX_SPELLED = 60  # characters of a value that a message shows
NOTHING: Mapping[str, Value] = MappingProxyType({})
_NO_NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType({})
_ALL_READABLE: Mapping[str, str] = MappingProxyType({})
_NO_ORIGINS: Mapping[Path, tuple[Origin, ...]] = MappingProxyType({})
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rule:
    """What the schema says of the field at one path.

    A `group` is an object of optional fields: empty, it says the same as absent; an `object` is one value
    with parts; `items` is the type of a set's members. A field that `is_carried_over` stays as it is live
    where a definition leaves it out. A field that `is_volatile` changes by itself, so its live value is never
    part of a comparison with what was read earlier. `bounds` are the least and the most that a generation of
    the API takes, of a set its size; `at_most` is the field that this one must not be over. A filter belongs
    to one `generation` of the API. `label`, `item_label` and `words` are plain English for a field, an item
    of it and its values; `people` says whom a value at `{}` selects; `raising` is whether more of it reaches
    more people or fewer.
    """

    kind: Kind
    items: Literal["string", "integer"] = "string"
    is_carried_over: bool = False
    is_volatile: bool = False
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    at_most: Path | None = None
    generation: int | None = None
    label: str = ""
    item_label: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    people: str = ""
    raising: Raising | None = None


Rules = Mapping[Path, Rule]
Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that a value comes from; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Definition:
    """One audience as a file defines it: only the writable fields that it sets, or the piece that it extends.

    `ignore` are the paths whose live value stays; `line` and `column` are the place of the `id`, and `places`
    has those of the values of the fields in the file itself. `extends` is the piece's file, empty without
    one, and `origins` has the places of what comes from it: a list that the file adds to has its own too.
    `owner`, `description` and `labels` are for people; `overrides` are the reasons why it may break policies,
    by their ids. `topics` are the ids that topics have which are said by name.
    """

    id: str
    name: str
    file: str
    line: int
    column: int
    fields: Fields
    ignore: frozenset[str] = frozenset()
    places: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    is_protected: bool = False
    owner: str = ""
    description: str = ""
    extends: str = ""
    origins: Mapping[Path, tuple[Origin, ...]] = field(default_factory=lambda: _NO_ORIGINS)
    topics: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    overrides: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule over audiences, from a file; `when` and `require` are JSON Schema.

    `owners` may approve an exception. `not_known` is what it comes to where nobody knows how many people an
    audience reaches, and the rule speaks of that.
    """

    id: str
    sentence: str
    severity: Strictness
    owners: tuple[str, ...]
    require: Mapping[str, Json]
    file: str
    line: int
    when: Mapping[str, Json] | None = None
    not_known: Strictness = "warn"


@dataclass(frozen=True, slots=True)
class Audience:
    """One live audience: the writable fields as read, and the names that the API gave for ids in them.

    `names` maps a path such as `config.topicIds` to `{id: name}`; it is shared among audiences. `unreadable`
    are the top-level fields that could not be read, each with what is wrong; they are not among the fields.
    `updated_at` is the API's own time of the last edit, empty where it tells none.
    """

    id: str
    fields: Fields
    names: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _NO_NAMES)
    unreadable: Mapping[str, str] = field(default_factory=lambda: _ALL_READABLE)
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class ListedAudience:
    """One live audience as a list names it; empty where the API gave no text."""

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The API's word on a config: why it refuses it or, where it does not, what it would store and apply.

    `stored` holds `config` alone, normalised as a live audience's, and is None for a refusal; `applied` are
    the keys of filters.
    """

    refusal: str = ""
    stored: Fields | None = None
    applied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter as the organization's catalogue has it; without `values` any value may be one."""

    type: str = ""
    operators: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The filters of the organization's API, and the topics that definitions use.

    A topic that the API does not have has no name, None. `is_fallback` says that the vendor itself took the
    filters from a list that may be old; `version` and `built` are its own words, empty where it has none.
    `named` has the ids of topics by name, sorted: more than one where they share it.
    """

    generation: int
    filters: Mapping[str, Filter] = field(default_factory=dict)
    topics: Mapping[int, str | None] = field(default_factory=dict)
    is_fallback: bool = False
    version: str = ""
    built: str = ""
    named: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named: dict[str, tuple[int, ...]] = {}
        for topic, name in sorted(self.topics.items()):
            if name is not None:
                named[name] = (*named.get(name, ()), topic)
        object.__setattr__(self, "named", named)


def dotted(path: Path) -> str:
    """Return the path as people read it; a filter's key may itself contain dots."""
    return ".".join(path)


def normalise(value: Json, rules: Rules, path: Path = ()) -> Value:
    """Return a document's value in the form that compares plainly.

    Sets become frozensets, other arrays tuples; a null, an empty group and, in a group, whatever is empty are
    the same as absent. Inside what the rules do not know, nothing but the type of arrays changes.
    """
    rule = rules.get(path)
    if isinstance(value, dict) and (rule is not None or not path):
        is_group = rule is not None and rule.kind == "group"
        normal: dict[str, Value] = {}
        for key, item in value.items():
            place = (*path, key)
            if item is None or (is_group and _is_empty(item, rules, place)):
                continue
            part = normalise(item, rules, place)
            if part or not _is_absent(part, rules.get(place)):
                normal[key] = part
        return normal
    if isinstance(value, list) and rule is not None and rule.kind == "set":
        return frozenset(_frozen(item) if isinstance(item, dict | list) else item for item in value)
    return _frozen(value) if isinstance(value, dict | list) else value


def _is_empty(value: Json, rules: Rules, path: Path) -> bool:
    """Whether a filter has no value to match: an empty text or list, or an object whose list is empty.

    One that holds something which the rules do not know, or that has no list at all, may well say something.
    """
    if not isinstance(value, dict):
        return value in ("", []) and path in rules
    if path not in rules:
        return False
    parts = [(rules.get((*path, key)), part) for key, part in value.items()]
    lists = [part for rule, part in parts if rule is not None and rule.kind == "set"]
    return bool(lists) and not any(lists) and all(rule is not None or part is None for rule, part in parts)


def _frozen(value: Json) -> Value:
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _is_absent(value: Value, rule: Rule | None) -> bool:
    return value == {} and rule is not None and rule.kind == "group"


def to_json(value: Value | Json) -> Json:
    """Return the value as JSON data in its one canonical order: sets and keys sorted."""
    # What there is most of comes first: to ask for a Mapping takes longer than all else here.
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, frozenset):
        return sorted(map(to_json, value), key=set_order)
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return {key: to_json(value[key]) for key in sorted(value)}


def set_order(item: Json) -> tuple[bool, int, str]:
    """Return what the members of a set are sorted by: whole numbers first, by their size."""
    if isinstance(item, int) and not isinstance(item, bool):
        return False, item, ""
    return True, 0, canonical(item)


def canonical(value: Value | Json) -> str:
    """Return the value's one spelling: equal only when the values are, so `1`, `true` and `1.0` differ."""
    if isinstance(value, str):
        return _quoted(value)
    return str(value) if type(value) is int else json.dumps(to_json(value))


def unordered(value: Value | Json) -> str:
    """Return a spelling that is equal also where lists hold the same members in another order.

    What the schema does not know may be a set: that a server gives it in another order is no change.
    """
    # From the inside out, so that each part is spelled once however deep it lies.
    if isinstance(value, str):
        return _quoted(value)
    if type(value) is int:
        return str(value)
    if isinstance(value, frozenset | tuple | list):
        return f"[{', '.join(sorted(map(unordered, value)))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join([f'{_quoted(key)}: {unordered(value[key])}' for key in sorted(value)])}}}"
    return json.dumps(value)


def spell(value: Value) -> str:
    """Return the value on one line for a message, cut where it is long: a server may send any length."""
    plain = to_json(value)
    items = plain if isinstance(value, frozenset) and isinstance(plain, list) else [plain]
    text = ", ".join(json.dumps(item, ensure_ascii=False) for item in items)
    return text if len(text) <= MAX_SPELLED else f"{text[: MAX_SPELLED - 1]}…"
