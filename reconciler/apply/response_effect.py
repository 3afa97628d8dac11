"""What a PATCH may have done, as far as its response shows. Pure."""

from __future__ import annotations

from typing import Literal

from reconciler.api.client import rejected, route
from reconciler.api.responses import Lost, Response

Effect = Literal["none", "over", "open"]
_UNAUTHORIZED, _FORBIDDEN, _TIMEOUT = 401, 403, 408
_REDIRECTS, _CLIENT_ERRORS = range(300, 400), range(400, 500)


def effect(response: Response | Lost) -> Effect:
    """Return what may come of a PATCH whose response does not show the audience.

    `none`: it never left, or was turned away. `over`: it was stored or it was not, and a read shows which.
    `open`: it may have been stored although a read shows the old state, since its response was lost, or comes
    from a gateway, a timeout (408) or a server that failed on the way (any 5xx), and reads may lag behind.
    """
    if isinstance(response, Lost):
        return "open" if response.is_sent else "none"
    if is_redirect(response):
        return "over"
    if response.status in _CLIENT_ERRORS and response.status != _TIMEOUT:
        return "none"
    return "open"


def is_redirect(response: Response | Lost) -> bool:
    return isinstance(response, Response) and response.status in _REDIRECTS


def ends_the_run(status: int) -> bool:
    """Whether no other request can be expected to fare better: the key may not, or this is not the API."""
    return status in {_UNAUTHORIZED, _FORBIDDEN} or status in _REDIRECTS


def describe(response: Response | Lost, audience_id: str) -> str:
    """Describe a response that does not show the audience, for the outcome's detail."""
    if isinstance(response, Response):
        return response.unreadable or rejected(response, "PATCH", route(audience_id)).summary
    return f"the response was lost: {response.reason}" if response.is_sent else f"not sent: {response.reason}"
