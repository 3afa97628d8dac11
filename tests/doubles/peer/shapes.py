"""What faults make of a healthy answer: another document, another answer, other bytes, another way."""

from __future__ import annotations

import gzip
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any, Literal
from uuid import uuid4

from .copying import copied
from .faults import Fault
from .wire import JSON_HEADERS, Response

HTML = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n"
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Facts:
    """What a shape may need to know: the request's key and query, and the answer from before its write."""

    key: str
    old: Response | None
    query: Mapping[str, str]


Shape = Callable[[Response, Fault, Facts], Response]
Document = dict[str, Any]


def shaped(answer: Response, faults: Iterable[Fault], facts: Facts) -> Response:
    """Apply the faults, whatever their order: the document, then the answer, its bytes, and their way."""
    chosen = tuple(faults)
    for shapes in (DOCUMENT if answer.status == 200 else {}, INSTEAD, BYTES, WAY):
        for fault in chosen:
            if fault.kind in shapes:
                answer = shapes[fault.kind](answer, fault, facts)
    return answer


def _documented(change: Callable[[Document, Fault], None]) -> Shape:
    def shape(answer: Response, fault: Fault, _facts: Facts) -> Response:
        document = copied(answer.document)
        change(document, fault)
        return replace(answer, document=document)

    return shape


def _items(document: Document) -> list[Document]:
    data = document["data"]
    return data if isinstance(data, list) else [data]


def _empty_list(document: Document, _fault: Fault) -> None:
    document["data"] = []


def _partial_list(document: Document, fault: Fault) -> None:
    document["data"] = [item for item in document["data"] if item["id"] not in fault.ids]


def _short_list(answer: Response, fault: Fault, facts: Facts) -> Response:
    start = int(facts.query.get("offset", 0)) if fault.offset else 0
    document = copied(answer.document)
    document["data"] = document["data"][start : start + (fault.size or 0)]
    for mark in ("hasMore", "nextCursor"):
        document.get("meta", {}).pop(mark, None)
    return replace(answer, document=document)


def _twin(document: Document, fault: Fault) -> None:
    for item in document["data"][:]:
        if item["id"] == (fault.target or document["data"][0]["id"]):
            document["data"].append({**item, "name": f"{item.get('name')}, the other"})


def _endless(document: Document, _fault: Fault) -> None:
    document["meta"] = {**document.get("meta", {}), "hasMore": True, "nextCursor": str(uuid4())}


def _short_body(document: Document, _fault: Fault) -> None:
    for item in _items(document):
        for name in set(item) - {"id"}:
            del item[name]


def _unknown_fields(document: Document, _fault: Fault) -> None:
    document["x_envelope"] = {"v": 3}
    for item in _items(document):
        item["x_field"] = ["new"]
        if isinstance(item.get("config"), dict):
            item["config"]["x_config"] = {"new": True}


def _value(document: Document, fault: Fault) -> None:
    *parents, last = (fault.path or "").split(".")
    places: list[Document] = [document]
    if fault.target is not None:
        places = [{"data": item} for item in _items(document) if item["id"] == fault.target]
    for name in parents:
        found = [place[name] for place in places]
        places = [inner for value in found for inner in (value if isinstance(value, list) else [value])]
    for place in places:
        place[last] = copied(fault.value)


def _nan(document: Document, _fault: Fault) -> None:
    # In the field that a reader has no use for, so that only strict reading notices.
    for item in _items(document):
        item["audienceSize"] = math.nan


def _surrogate(document: Document, _fault: Fault) -> None:
    for item in _items(document):
        item["name"] = f"{item.get('name', '')}\ud800"


def _old_body(answer: Response, _fault: Fault, facts: Facts) -> Response:
    return replace(answer, document=facts.old.document if facts.old else answer.document)


def _status(answer: Response, fault: Fault, facts: Facts) -> Response:
    message = f"{fault.message}: {facts.key}" if fault.echo_key else fault.message
    retry = fault.retry_after
    if fault.retry_date is not None:
        retry = formatdate(math.ceil(time.time() + fault.retry_date), usegmt=True)
    extra = (("Location", fault.location), ("Retry-After", retry))
    media, body = _error(fault, message)
    return replace(
        answer,
        status=fault.status or answer.status,
        body=b"" if fault.status in {204, 304} else body,
        headers=(("Content-Type", media), *((name, value) for name, value in extra if value is not None)),
    )


def _error(fault: Fault, message: str) -> tuple[str, bytes]:
    """Give the media type and body of an error, in one of the shapes that the contract has seen."""
    if fault.shape in {"text", "empty"}:
        return "text/plain", message.encode() if fault.shape == "text" else b""
    if fault.shape == "html":
        return "text/html", f"<html><body><p>{message}</p></body></html>".encode()
    error: Any = {"message": message} if fault.code is None else {"message": message, "code": fault.code}
    document = {"error": error} if fault.shape == "nested" else {fault.shape: message}
    return "application/json", json.dumps(document).encode()


def _html(answer: Response, _fault: Fault, _facts: Facts) -> Response:
    return replace(answer, status=200, body=HTML, headers=(("Content-Type", "text/html"),))


def _body(answer: Response, fault: Fault, _facts: Facts) -> Response:
    return replace(answer, status=200, body=(fault.text or "").encode(), headers=JSON_HEADERS)


def _empty_body(answer: Response, _fault: Fault, _facts: Facts) -> Response:
    return replace(answer, status=200, body=b"")


def _cut_json(answer: Response, _fault: Fault, _facts: Facts) -> Response:
    return replace(answer, body=answer.payload[: len(answer.payload) // 2])


def _duplicate_keys(answer: Response, _fault: Fault, _facts: Facts) -> Response:
    # The last twin is the true one, so that only strict reading notices.
    return replace(answer, body=b'{"data": null, ' + answer.payload[1:])


def _deep(answer: Response, fault: Fault, _facts: Facts) -> Response:
    depth = fault.size or 100_000
    return replace(answer, body=answer.payload[:-1] + b', "deep": ' + b"[" * depth + b"]" * depth + b"}")


def _huge(answer: Response, fault: Fault, _facts: Facts) -> Response:
    # Chunked: no length warns the reader, who must count.
    return replace(answer, body=b" " * (fault.size or 11 * _MIB) + answer.payload, chunked=True)


def _gzip_bomb(answer: Response, fault: Fault, _facts: Facts) -> Response:
    packed = gzip.compress(b" " * (fault.size or 32 * _MIB) + answer.payload)
    return replace(answer, body=packed, headers=(*answer.headers, ("Content-Encoding", "gzip")))


def _drop(answer: Response, _fault: Fault, _facts: Facts) -> Response:
    return replace(answer, cut="nothing", ending=_closed(answer))


def _reset(answer: Response, _fault: Fault, _facts: Facts) -> Response:
    return replace(answer, cut=answer.cut or "nothing", ending="reset")


def _half_close(answer: Response, fault: Fault, _facts: Facts) -> Response:
    return replace(answer, cut="headers" if fault.part == "headers" else "body", ending=_closed(answer))


def _closed(answer: Response) -> Literal["close", "reset"]:
    return "reset" if answer.ending == "reset" else "close"


def _truncate(answer: Response, fault: Fault, _facts: Facts) -> Response:
    return replace(answer, promised=fault.size or 10, ending="close")


def _drip(answer: Response, fault: Fault, _facts: Facts) -> Response:
    return replace(answer, drip=(fault.size or 1, fault.seconds or 0))


DOCUMENT: Mapping[str, Shape] = {
    "empty_list": _documented(_empty_list),
    "partial_list": _documented(_partial_list),
    "short_list": _short_list,
    "twin": _documented(_twin),
    "endless": _documented(_endless),
    "short_body": _documented(_short_body),
    "unknown_fields": _documented(_unknown_fields),
    "value": _documented(_value),
    "nan": _documented(_nan),
    "surrogate": _documented(_surrogate),
    "old_body": _old_body,
}
INSTEAD: Mapping[str, Shape] = {"status": _status, "html": _html, "body": _body, "empty_body": _empty_body}
BYTES: Mapping[str, Shape] = {
    "cut_json": _cut_json,
    "duplicate_keys": _duplicate_keys,
    "deep": _deep,
    "huge": _huge,
    "gzip_bomb": _gzip_bomb,
}
WAY: Mapping[str, Shape] = {
    "drop": _drop,
    "reset": _reset,
    "half_close": _half_close,
    "truncate": _truncate,
    "drip": _drip,
}
