"""Whether this machine, project and key are ready: one check for each precondition, with its fix."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reconciler import __version__, git_history, interrupts, schema, wording
from reconciler.api import audiences
from reconciler.app import catalogue, project, settings
from reconciler.errors import ApiError, ApiRejected, FileError, ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.api.audiences import LiveState
    from reconciler.api.client import ReadClient
    from reconciler.api.connection import Connection
    from reconciler.model import Json

Status = Literal["ok", "warning", "failed", "not_asked"]
_KEY = re.compile(r"sk_[!-~]+")
_SECONDS = 10.0  # for a request: somebody is waiting
_API = ("API", "rights to list", "rights to read", "generation", "account")
_ON_GITHUB = ("GITHUB_REPOSITORY", "GITHUB_EVENT_PATH", "GITHUB_SHA")


@dataclass(frozen=True, slots=True)
class Check:
    """One precondition: how it stands in `summary`, and in `fix` what to do where it does not."""

    name: str
    status: Status
    summary: str
    fix: str = ""


def examine(paths: Sequence[str], *, is_sandbox: bool) -> Iterator[Check]:
    """Yield every check in the order in which they are best mended; never raises for what one finds.

    Nothing is written anywhere, and the key is in none of them.
    """
    yield Check("version", "ok", f"reconciler {__version__} on Python {platform.python_version()}")
    yield _attempt("settings", lambda: _settings(paths))
    yield _attempt("definitions", lambda: _definitions(paths))
    yield _attempt("catalogue", lambda: _catalogue(paths))
    yield _attempt("git", lambda: _git(paths))
    yield from _github(os.environ)
    yield from _connected(is_sandbox=is_sandbox)


def _attempt(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except ReconcilerError as error:
        first = error.diagnostics[0]
        place = ":".join(str(part) for part in (first.file, first.line) if part is not None)
        summary = f"{place}: {first.summary}" if place else first.summary
        return Check(name, "failed", summary, first.detail)


def _settings(paths: Sequence[str]) -> Check:
    settings.limits(paths)
    file = project.root(Path(paths[0])) / project.SETTINGS
    if file.exists():
        return Check("settings", "ok", f"{os.path.relpath(file)} is valid")
    return Check("settings", "ok", f"no {project.SETTINGS}: the default limits hold")


def _definitions(paths: Sequence[str]) -> Check:
    from reconciler import definitions

    found = definitions.load(paths, catalogue.read(paths))
    if found.has_errors and not found.definitions and not any(map(os.path.lexists, paths)):
        summary = f"there is no folder {' or '.join(paths)} yet"
        return Check("definitions", "warning", summary, "Run `reconciler import --all`")
    errors = sum(one.is_error for one in found.diagnostics)
    if errors:
        summary = f"{wording.count(errors, 'problem')} in the definitions"
        return Check("definitions", "failed", summary, "Run `reconciler validate` to see each")
    return Check("definitions", "ok", f"{wording.count(len(found.definitions), 'definition')}, all valid")


def _catalogue(paths: Sequence[str]) -> Check:
    found = catalogue.read(paths)
    if found is None:
        summary = f"no {project.CATALOGUE}: the values of filters are not checked offline"
        fix = "Run `reconciler catalogue update`, and commit what it writes"
        return Check("catalogue", "warning", summary, fix)
    built = f", built {found.built}" if found.built else ""
    counted = wording.count(len(found.filters), "filter")
    summary = f"{counted} of generation {found.generation}{built}{_committed(catalogue.find(paths)[0])}"
    return Check("catalogue", "ok", summary)


def _committed(file: Path) -> str:
    """Say when a file was committed as it is; nothing where git does not tell."""
    try:
        commits = git_history.last_commits([str(file)])
    except FileError:
        return ""
    return "".join(f", committed {day}" for _, _, day in commits.values())


def _git(paths: Sequence[str]) -> Check:
    try:
        base = git_history.merge_base("origin/HEAD", paths)
    except FileError:
        base = ""
    if base:
        return Check("git", "ok", f"the branch began at {base[:12]} of origin's own")
    try:
        head = git_history.merge_base("HEAD", paths)
    except FileError:
        fix = "Run `git init`, and commit the definitions"
        return Check("git", "warning", "no git repository with a commit", fix)
    fix = "Run `git remote set-head origin --auto`, or give --base a branch of your own"
    return Check("git", "warning", f"at {head[:12]}; origin's own branch is not known", fix)


def _github(environment: Mapping[str, str]) -> Iterator[Check]:
    if not environment.get("GITHUB_ACTIONS"):
        yield Check("GitHub", "not_asked", "not in a job of GitHub Actions")
        return
    absent = [name for name in _ON_GITHUB if not environment.get(name)]
    if absent:
        yield Check("GitHub", "failed", f"{', '.join(absent)} is not set", "Run this in a job's own step")
    else:
        yield Check("GitHub", "ok", f"a job of {environment['GITHUB_REPOSITORY']}")
    if environment.get("GITHUB_TOKEN"):
        yield Check("GitHub's token", "ok", "GITHUB_TOKEN is set")
    else:
        fix = "Give the step `env: GITHUB_TOKEN: ${{ github.token }}`, as the actions do"
        yield Check("GitHub's token", "warning", "GITHUB_TOKEN is not set: nothing can be posted", fix)


def _connected(*, is_sandbox: bool) -> Iterator[Check]:
    """Yield what concerns the key and the API; what could not be asked is said by name."""
    key = Check("key", "ok", "the sandbox needs none") if is_sandbox else _key()
    yield key
    try:
        connection = settings.connection(is_sandbox=is_sandbox)
    except ReconcilerError as error:
        if key.status == "ok":
            yield Check("origin", "failed", error.summary, error.detail)
        yield from _unasked(_API, "the key or the origin above comes first")
        return
    yield Check("origin", "ok", connection.origin)
    yield from interrupts.run(_asked(connection))


def _key() -> Check:
    from reconciler.api.connection import parse_key

    text = os.environ.get("LEADPIPE_API_KEY", "")
    check = _attempt("key", lambda: Check("key", "ok", f"{parse_key(text)} is set, and looks like a key"))
    if check.status == "ok" and not _KEY.fullmatch(text):
        return Check(
            "key", "warning", "LEADPIPE_API_KEY does not begin with sk_", "Copy the organization's key"
        )
    return (
        replace(check, summary="LEADPIPE_API_KEY is set and looks like a key")
        if check.status == "ok"
        else check
    )


def _unasked(names: Sequence[str], why: str) -> Iterator[Check]:
    yield from (Check(name, "not_asked", f"not asked: {why}") for name in names)


async def _asked(connection: Connection) -> tuple[Check, ...]:
    from reconciler.api.client import ReadClient
    from reconciler.api.connection import Timing

    hurried = Timing(request=_SECONDS, attempts=2, budget=2 * _SECONDS)
    async with ReadClient(replace(connection, timing=hurried)) as client:
        try:
            live = await audiences.fetch(client, (), schema.rules())
        except ApiRejected as error:
            reached = Check("API", "ok", "reached; its certificate is trusted where it has one")
            denied = Check("rights to list", "failed", error.summary, error.detail)
            return reached, denied, *_unasked(_API[2:], "the list of audiences comes first")
        except ApiError as error:
            failed = Check("API", "failed", error.summary, error.detail or "Try again later")
            return failed, *_unasked(_API[1:], "the API above comes first")
        return (
            Check("API", "ok", "reached; its certificate is trusted where it has one"),
            _listed(live),
            await _one(client, live),
            _generation(live),
            await _account(client, live),
        )


def _listed(live: LiveState) -> Check:
    summary = f"{wording.count(len(live.others), 'audience')}, {live.active} active"
    if live.doubt:
        return Check("rights to list", "warning", f"{summary}; the list may be short: {live.doubt}", _SHORT)
    return Check("rights to list", "ok", summary)


async def _one(client: ReadClient, live: LiveState) -> Check:
    if not live.others:
        return Check("rights to read", "not_asked", "not asked: there is no audience yet")
    try:
        await audiences.fetch_one(client, live.others[0].id, schema.rules(), ())
    except ApiError as error:
        return Check("rights to read", "failed", error.summary, error.detail)
    return Check("rights to read", "ok", "an audience can be read by its id")


def _generation(live: LiveState) -> Check:
    if live.generation is None:
        return Check("generation", "not_asked", "not known: an empty list does not show it")
    return Check("generation", "ok", f"generation {live.generation} of the API's contract")


async def _account(client: ReadClient, live: LiveState) -> Check:
    """Say what the account tells; it is not needed, so that nothing here is worse than a warning."""
    try:
        document = await client.get_reference("account")
    except ApiError as error:
        return Check("account", "warning", error.summary, "Nothing needs it; slots are not known without it")
    data = document.get("data") if isinstance(document, dict) else None
    known = data if isinstance(data, dict) else {}
    organization = known.get("organization")
    named = organization if isinstance(organization, dict) else {}
    parts = [str(named[key]) for key in ("name", "status") if isinstance(named.get(key), str)]
    parts.append(_slots(known) or f"{live.active} active; the number of slots is not told")
    if known.get("healthy") is False:
        return Check(
            "account", "warning", ", ".join(parts), "The vendor says that it is not healthy: ask there"
        )
    return Check("account", "ok", ", ".join(parts))


def _slots(account: Mapping[str, Json]) -> str:
    """Return the slots in words, where the account has them: the vendor documents no key for them."""
    for key, value in account.items():
        if "slot" in key.lower() and isinstance(value, dict):
            used, limit = value.get("used"), value.get("limit")
            if type(used) is int and type(limit) is int:
                return f"{used} of {limit} slots in use"
    return ""


_SHORT = "Give what is not in it by id: `reconciler import ID`"
