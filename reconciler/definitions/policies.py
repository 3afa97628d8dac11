"""Policies: read as strictly as definitions, into rules or every diagnostic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from reconciler import schema
from reconciler.definitions.yaml import reader
from reconciler.definitions.yaml.source import MAX_PROBLEMS
from reconciler.errors import Diagnostic
from reconciler.model import Policy
from reconciler.schema import conditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.definitions.yaml.reader import Document
    from reconciler.model import Path
    from reconciler.schema.conditions import Fields
    from reconciler.schema.quoting import Place

MAX_POLICIES = 100
MAX_BYTES = 16 * 1024  # of one file
MAX_KEYWORDS = 500  # keys and values in one file


@dataclass(frozen=True, slots=True)
class Policies:
    """The rules that can be used, sorted by the names of their files, and every problem of every file."""

    policies: tuple[Policy, ...]
    diagnostics: tuple[Diagnostic, ...]


def parse(files: Mapping[str, bytes], paths: Iterable[Path] | None) -> Policies:
    """Read policies from bytes, by the names of their files.

    `paths` are those of the fields that may be sent: a condition that speaks of another is a problem. Where
    they are None it is not.
    """
    known = None if paths is None else conditions.fields(paths)
    found: dict[str, Policy] = {}
    diagnostics: list[Diagnostic] = []
    for file in sorted(files):
        policy, problems = _parsed(file, files[file], known)
        if policy is not None and (other := found.setdefault(policy.id, policy)) is not policy:
            summary = f"the policy {policy.id} is also in {other.file}:{other.line}"
            problems = (_at(file, (policy.line, 1), ("shared-id", summary, "Give it an id of its own")),)
        diagnostics += problems
    if len(files) > MAX_POLICIES:
        summary = f"{len(files)} policies, and at most {MAX_POLICIES} are taken"
        diagnostics.append(
            Diagnostic("error", "many-policies", summary, "Remove some, or put several into one")
        )
    return Policies(tuple(found.values()), tuple(diagnostics))


def _parsed(file: str, data: bytes, known: Fields | None) -> tuple[Policy | None, tuple[Diagnostic, ...]]:
    if len(data) > MAX_BYTES:
        summary = f"is over {MAX_BYTES // 1024} KiB, too large for a policy"
        return None, (Diagnostic("error", "too-large", summary, "Make it several", file),)
    document, found = reader.read(data, file)
    if document is None:
        return None, tuple(replace(one, detail=_WRITE) if one.code == "yaml-empty" else one for one in found)
    if len(document.values) > MAX_KEYWORDS:
        summary = f"has over {MAX_KEYWORDS} keys and values, too many for a policy"
        return None, (Diagnostic("error", "too-large", summary, "Make it several", file),)
    found = (*found, *_problems(document, file, known))
    if found:
        return None, found
    return _policy(cast("dict[str, Any]", document.value), file, document.keys["id",].line), ()


def _problems(document: Document, file: str, known: Fields | None) -> Iterator[Diagnostic]:
    found = schema.check(document.value, "policy", MAX_PROBLEMS)
    for one in found:
        mark = (document.keys if one.at_key else document.values)[one.place]
        own = _OWN_WORDS.get(str(one.place[0])) if one.place and one.code == "invalid" else None
        summary, detail = own or (one.summary, one.detail)
        if one.at_key or one.place not in document.refused:
            yield _at(file, (mark.line, mark.column), (one.code, summary, detail), one.path or None)
    if not found:
        value = cast("dict[str, Any]", document.value)
        for key in ("when", "require"):
            for place, words in conditions.faults(value.get(key, {}), known, (key,)):
                yield _at(file, _mark(document, place), words, ".".join(map(str, place[:-1])))


def _mark(document: Document, place: Place) -> tuple[int, int]:
    mark = document.values[place] if isinstance(place[-1], int) else document.keys[place]
    return mark.line, mark.column


def _policy(value: Mapping[str, Any], file: str, line: int) -> Policy:
    return Policy(
        id=value["id"],
        sentence=value["sentence"].rstrip("."),
        severity=value["severity"],
        owners=tuple(sorted(owner.removeprefix("@") for owner in value["owners"])),
        require=value["require"],
        file=file,
        line=line,
        when=value.get("when"),
        not_known=value.get("not_known", "warn"),
    )


def _at(
    file: str, place: tuple[int, int], words: tuple[str, str, str], path: str | None = None
) -> Diagnostic:
    return Diagnostic("error", *words, file, *place, path)


_WRITE = "Write the policy, or delete the file"
_OWN_WORDS = {
    "id": ("an id has lower-case letters, digits and hyphens alone", "Write it as active-needs-owner"),
    "owners": (
        "an owner is one person, by the name on GitHub",
        "Write octocat, or audience-owner; a team cannot be one",
    ),
}
