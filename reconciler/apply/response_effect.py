"""What a PATCH may have done, as far as its response shows. Pure."""

from __future__ import annotations

from reconciler.api.client import rejected, route
from reconciler.api.responses import Lost, Response

_UNAUTHORIZED, _FORBIDDEN, _TIMEOUT = 401, 403, 408
_REDIRECTS, _CLIENT_ERRORS = range(300, 400), range(400, 500)


def is_unsent(response: Response | Lost) -> bool:
    """Return whether the request surely never left."""
    return isinstance(response, Lost) and not response.is_sent


def is_turned_away(response: Response | Lost) -> bool:
    """Return whether the API declined, so that nothing was stored and nothing will be.

    Anything else may have been stored, or may be yet, although reads show the old state, since they may lag
    behind: a lost response, a gateway's, a timeout (408), a server that failed on the way (any 5xx), or a
    redirect, which the API does not document and which can follow a write that was done (303).
    """
    return (
        isinstance(response, Response) and response.status in _CLIENT_ERRORS and response.status != _TIMEOUT
    )


def ends_the_run(status: int) -> bool:
    """Return whether no other request can be expected to fare better: the key may not, or it is no API."""
    return status in {_UNAUTHORIZED, _FORBIDDEN} or status in _REDIRECTS


def describe(response: Response | Lost, audience_id: str) -> str:
    """Describe a response that does not show the audience, for the outcome's detail."""
    if isinstance(response, Response):
        return response.unreadable or rejected(response, "PATCH", route(audience_id)).summary
    return f"the response was lost: {response.reason}" if response.is_sent else f"not sent: {response.reason}"
