"""
The campaign: the real command line under faults, kills and other people, judged by the server's own log.

Each run draws an organization and definitions, reviews a plan, lets one or two applies loose under a script
of faults, edits and signals, and then asks one clean apply to converge. It imports nothing of the reconciler
but its command line; what a definition means is written down a second time in `model`.

What a run may bring: a plan while one audience cannot be read or written (`obstacles`), the storm itself, the
reviewed plan applied once more on a server that is well (`resuming`), and the calm. A response is no proof of
what is stored, so that "applied" is held against the store alone.
"""
