"""`python -m reconciler`."""

from reconciler.entry_point import main

main()
