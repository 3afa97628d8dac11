"""How fast and how large the tool is, beside what the machine allows: `python -m benchmarks [ROW…]`."""

SPAN = "/span"  # asks the API for the seconds from the first request for one audience to the last response
