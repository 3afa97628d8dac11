"""The vendor's API: the only package that knows the wire. Its modules are imported where they are used."""

AUDIENCES = "/v1/intent/audiences"
