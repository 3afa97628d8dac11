"""The shapes in which the API shows an audience, in both generations."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from reconciler.sandbox import topics
from reconciler.sandbox.record import seed

if TYPE_CHECKING:
    from reconciler.sandbox.record import Generation, Record

Json = dict[str, Any]
ERROR_CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "SLOTS_FULL",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    500: "INTERNAL_ERROR",
}


def listed(record: Record, generation: Generation) -> Json:
    """Return an item of the list; the second generation's has no config."""
    if generation == 1:
        return whole(record, generation)
    return {**_core(record), **_ownership(record), **_sized(record), **_dated(record)}


def whole(record: Record, generation: Generation) -> Json:
    """Return one audience with its config."""
    config = {"config": record.config}
    if generation == 1:
        named = {"topics": topics.named(record.config["topicIds"])}
        return {**_core(record), **config, **named, **_sized(record), **_dated(record)}
    return {**_core(record), **_ownership(record), **config, **_sized(record), **_dated(record)}


def created(record: Record) -> Json:
    """Return a new audience."""
    return {**_core(record), "config": record.config, **_sized(record), "createdAt": record.created_at}


def updated(record: Record) -> Json:
    """Return an audience as the response to a PATCH shows it."""
    return {**_core(record), "config": record.config, **_sized(record), "updatedAt": record.updated_at}


def _core(record: Record) -> Json:
    return {"id": record.id, "name": record.name, "status": record.status}


def _ownership(record: Record) -> Json:
    is_refreshed = record.status == "active"
    return {
        "organizationId": seed()["organizationId"],
        "accessType": "paid",
        "dailyRefreshEnabled": is_refreshed,
    }


def _sized(record: Record) -> Json:
    return {"audienceSize": record.audience_size, "lastRefreshedAt": record.last_refreshed_at}


def _dated(record: Record) -> Json:
    return {"createdAt": record.created_at, "updatedAt": record.updated_at}


def success(
    data: object,
    generation: Generation,
    *,
    status: int = 200,
    meta: Json | None = None,
    is_cached: bool = False,
) -> JSONResponse:
    """Return `data` in its envelope; the second generation's always has a `meta`."""
    if generation != 1:
        timestamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        meta = {**(meta or {}), "timestamp": timestamp, "request_id": str(uuid.uuid4())}
    headers = {"cache-control": "max-age=86400"} if is_cached else None
    return JSONResponse({"data": data} if meta is None else {"data": data, "meta": meta}, status, headers)


def failure(status: int, message: str) -> JSONResponse:
    """Return an error in the API's envelope."""
    return JSONResponse({"error": {"message": message, "code": ERROR_CODES[status]}}, status)
