"""A random fault of each kind that the peer has, met where it hurts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doubles.peer import KINDS, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

LISTED = frozenset(kind for kind, known in KINDS.items() if known.route == "list")
# Kinds whose answer is a good 200: with nothing stored they would be lies, and lies have a kind of their own.
_AFTER_ONLY = frozenset({"unknown_fields", "value", "surrogate", "drip", "huge"})
_METHODS = (*["PATCH"] * 4, *["GET"] * 2, "POST")
_STATUSES = (
    400,
    401,
    403,
    404,
    408,
    409,
    429,
    429,
    429,
    500,
    500,
    502,
    503,
    503,
    504,
    204,
    301,
    302,
    307,
    308,
)
_REFUSALS = frozenset({400, 401, 403, 404, 409, 429})
_RETRY_AFTER = (None, "0", "0", "1", "soon", "1e9", "-1", "300")
_MEGABYTE = 1024 * 1024


def fault(rng: Random, kind: str, ids: Sequence[str], key: str) -> Fault:
    """Draw a fault of one kind, which meets the planning, a compare, a write or a verification."""
    method = KINDS[kind].method or rng.choice(_METHODS)
    if kind == "edit" and method == "POST":
        method = "GET"  # an edit is of an audience, and a validation of none
    moments = ("after",) if kind in _AFTER_ONLY else KINDS[kind].moments
    place: dict[str, Any] = {"method": method, "when": rng.choice(moments)}
    if method == "POST":
        place |= {"skip": rng.choice((0, 0, 1, 2))}
    elif method == "PATCH":
        place |= {"skip": rng.choice((0, 0, 0, 1, 2))}
    elif kind in LISTED or (kind != "edit" and rng.random() < 0.15):
        place |= {"route": "list"}
    else:
        place |= {"route": "one", "skip": rng.randrange(12)}
    if method != "POST" and place.get("route") != "list" and rng.random() < 0.3:
        place |= {"id": rng.choice(ids), "skip": rng.randrange(3)}
    parameters = _PARAMETERS[kind](rng, ids, key) if kind in _PARAMETERS else {}
    if kind == "value" and place.get("route") == "list":
        parameters["target"] = rng.choice(ids)
    if kind == "value" and method == "POST":
        parameters = _answer(rng)
    if parameters.get("status") in _REFUSALS:
        place["when"] = "before"  # a refusal of what was done all the same would be a lie too
    times = (1, 1, 2, 3) if kind == "endless" and rng.random() < 0.95 else (1, 1, 1, 2, 3, 6, None)
    return Fault(kind, **place, times=rng.choice(times), **parameters)


def unclear(rng: Random, ids: Sequence[str]) -> list[Fault]:
    """Draw a write that is stored behind an error, while reads lag: all it can be called is unknown."""
    place: dict[str, Any] = {"method": "PATCH", "skip": rng.choice((0, 0, 1)), "times": rng.choice((1, 2, 3))}
    if rng.random() < 0.3:
        place["id"] = rng.choice(ids)
    error = Fault("status", status=rng.choice((500, 502, 503)), when="after", **place)
    return [error, Fault("stale", **place, **_stale(rng, ids, ""))]


def _status(rng: Random, _ids: Sequence[str], _key: str) -> dict[str, Any]:
    given: dict[str, Any] = {"status": rng.choice(_STATUSES), "echo_key": rng.random() < 0.3}
    given["shape"] = rng.choice(("nested", "message", "detail", "text", "html", "empty"))
    if given["status"] == 403 and rng.random() < 0.5:
        given |= {"shape": "nested", "code": "SLOTS_FULL"}
    if given["status"] in {429, 503}:
        after = rng.choice(_RETRY_AFTER)
        given |= {"retry_date": 1} if rng.random() < 0.1 else {} if after is None else {"retry_after": after}
    if 300 <= given["status"] < 400:
        given["location"] = "/v1/intent/audiences"
    return given


def _value(rng: Random, _ids: Sequence[str], key: str) -> dict[str, Any]:
    # Never what a definition may ask for: a lie again.
    values: dict[str, tuple[Any, ...]] = {
        "data.name": ("Somebody else's", 5, None, key),
        "data.status": ("archived", None, True),
        "data.config": ("text", None, [], {"topicIds": [3], "minScore": 14}),
        "data.id": ("00000000-0000-4000-8000-000000000000", "no", None),
    }
    path = rng.choice(sorted(values))
    return {"path": path, "value": rng.choice(values[path])}


def _answer(rng: Random) -> dict[str, Any]:
    values: dict[str, tuple[Any, ...]] = {
        "data.valid": (False, None, "yes"),
        "data.normalizedConfig": (None, "text", {"topicIds": [3]}),
        "data.appliedFilters": ([], None, "role.isCeo"),
    }
    path = rng.choice(sorted(values))
    return {"path": path, "value": rng.choice(values[path])}


def _stale(rng: Random, _ids: Sequence[str], _key: str) -> dict[str, Any]:
    return (
        {"seconds": rng.choice((0.05, 0.3, 2))} if rng.random() < 0.5 else {"reads": rng.choice((1, 2, 3, 9))}
    )


def _body(rng: Random, _ids: Sequence[str], key: str) -> dict[str, Any]:
    return {"text": rng.choice(("null", "[]", '{"data": null}', '{"data": [1]}', "NaN", f'"{key}"', "{}"))}


def _edit(rng: Random, ids: Sequence[str], _key: str) -> dict[str, Any]:
    changes = rng.choice(({"name": "Theirs"}, {"status": "draft"}, {"audienceSize": 3}, {"status": "active"}))
    return {"changes": changes, **({"target": rng.choice(ids)} if rng.random() < 0.3 else {})}


_PARAMETERS: Mapping[str, Callable[[Random, Sequence[str], str], dict[str, Any]]] = {
    "delay": lambda rng, _ids, _key: {"seconds": rng.choice((0.02, 0.3, 0.9, 1.5))},
    "edit": _edit,
    "refuse": lambda rng, _ids, _key: {"seconds": rng.choice((0.05, 0.3))},
    "stale": _stale,
    "status": _status,
    "body": _body,
    "partial_list": lambda rng, ids, _key: {"ids": tuple(rng.sample(ids, rng.randint(1, len(ids))))},
    "short_list": lambda rng, _ids, _key: {"size": rng.choice((1, 3)), "offset": rng.random() < 0.5},
    "stripped": lambda rng, _ids, _key: {"keys": rng.choice(((), ("state", "role.seniority")))},
    "clamped": lambda rng, _ids, _key: {"least": rng.choice((65, 90))},
    "value": _value,
    "deep": lambda _rng, _ids, _key: {"size": 20_000},
    "gzip_bomb": lambda _rng, _ids, _key: {"size": _MEGABYTE},
    "half_close": lambda rng, _ids, _key: {"part": rng.choice(("headers", "body"))},
    "truncate": lambda rng, _ids, _key: {"size": rng.choice((1, 10))},
    "drip": lambda rng, _ids, _key: {"size": rng.choice((20, 100)), "seconds": rng.choice((0.01, 0.1))},
}
