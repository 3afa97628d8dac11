"""One audience's document on the wire, as a live audience: ids, types, forms and names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from reconciler.api import AUDIENCES, filter_forms
from reconciler.errors import ApiContractError
from reconciler.model import Audience, Json, ListedAudience, Path, Rule, Rules, dotted, normalise

TOPICS = "config.topicIds"
HINT = "Report this to the vendor"
Item = Mapping[str, Json]
Names = Mapping[str, Mapping[str, str]]


def item_of(document: Json, audience_id: str, method: str) -> tuple[Item, str]:
    """Return the audience in the response to `method` on its own route, and its place.

    Raises ApiContractError where it is none, or another one.
    """
    where = f"{method} {AUDIENCES}/{audience_id}: "
    item = require_object(require_object(document, f"{where}the response").get("data"), f"{where}data")
    if identity(item, f"{where}data") != audience_id:
        raise contract_error(f"{where}data.id", "the id that was asked for")
    return item, f"{where}data"


def audience(audience_id: str, item: Item, where: str, rules: Rules, names: Names) -> Audience:
    """Return the audience with every field that can be read, and what is wrong with each other one."""
    present = {}
    unreadable = {}
    for key in item:
        if (key,) in rules:
            try:
                value = normalise(readable(item[key], key, f"{where}.{key}", rules), rules, (key,))
            except ApiContractError as error:
                unreadable[key] = error.summary
                continue
            if value is not None:
                present[key] = value
    edited = item.get(_EDITED)
    updated_at = edited if isinstance(edited, str) and len(edited) <= MAX_TIME else ""
    return Audience(audience_id, present, names, unreadable, updated_at)


def unreadable(audience_id: str, problem: str, rules: Rules) -> Audience:
    """Return an audience of which nothing could be read."""
    return Audience(audience_id, {}, {}, {path[0]: problem for path in rules if len(path) == 1})


def require_readable(found: Audience, needed: Collection[str] | None) -> Audience:
    """Return the audience; raises ApiContractError where a needed field (None: any) could not be read."""
    for key, problem in found.unreadable.items():
        if needed is None or key in needed:
            raise ApiContractError(problem, HINT)
    return found


def readable(value: Json, key: str, where: str, rules: Rules) -> Json:
    """Return the value of a writable field, a config with its filters in the dotted form.

    Raises ApiContractError, which names the value by `where`, for a type that the contract does not have.
    """
    form = filter_forms.dotted(value, rules, where) if key == "config" else value
    _require_type(form, (key,), rules, where)
    return form


def _require_type(value: Json, path: Path, rules: Rules, where: str) -> None:
    """Require the type that the schema names; null is as good as absent, and bounds are the API's."""
    rule = rules.get(path)
    if rule is None or value is None:
        return
    if isinstance(value, dict) and filter_forms.is_group(path, rules):
        return  # what is left of a group whose name is also that of a text
    if not _is_of_kind(value, rule):
        raise contract_error(dotted((where, *path[1:])), _KINDS[rule.kind])
    if isinstance(value, dict):
        for key, part in value.items():
            _require_type(part, (*path, key), rules, where)


def _is_of_kind(value: Json, rule: Rule) -> bool:
    if rule.kind == "set":
        kind = _TYPES[rule.items]
        return isinstance(value, list) and all(type(item) is kind for item in value)
    return type(value) is _TYPES[rule.kind]


def listed(audience_id: str, item: Item) -> ListedAudience:
    """Return what a list says of an audience that nobody defines, whatever else is odd about it."""
    name, status = item.get("name"), item.get("status")
    return ListedAudience(
        audience_id,
        name if isinstance(name, str) else "",
        status if isinstance(status, str) else "",
    )


def topic_names(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the id and the name of each topic that an item names."""
    topics = item.get("topics")
    for topic in topics if isinstance(topics, list) else ():
        if isinstance(topic, dict) and "id" in topic and isinstance(name := topic.get("name"), str):
            yield str(topic["id"]), name


def identity(item: Item, where: str) -> str:
    """Return the item's id in its one spelling; raises ApiContractError where it is no UUID."""
    value = item.get("id")
    try:
        return str(UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise contract_error(f"{where}.id", "a UUID") from None


def require_object(value: Json, where: str) -> Item:
    """Return the object; raises ApiContractError for anything else."""
    if not isinstance(value, dict):
        raise contract_error(where, "an object")
    return value


def contract_error(where: str, expected: str) -> ApiContractError:
    """Return the error of something that is not as expected."""
    return ApiContractError(f"{where} is not {expected}, as the contract says", HINT)


MAX_TIME = 100  # characters; a time has 20
_EDITED = "updatedAt"
_TYPES: Mapping[str, type] = {
    "boolean": bool,
    "group": dict,
    "integer": int,
    "object": dict,
    "string": str,
}
_KINDS: Mapping[str, str] = {
    "boolean": "true or false",
    "group": "an object",
    "integer": "a whole number",
    "object": "an object",
    "set": "a list of its kind of values",
    "string": "text",
}
