"""
The campaign: the real command line under faults, kills and other people, judged by the server's own log.

Each run draws an organization and definitions, reviews a plan, lets one or two applies loose under a script
of faults, edits and signals, and then asks one clean apply to converge. It imports nothing of the reconciler
but its command line; what a definition means is written down a second time in `model`.

A server that answers a good 200 and stored nothing (the kind `lie`) is beyond what any client can know. The
campaign has it, and asks one thing less of it: after a lie about an audience, "applied" is no contradiction.
"""
