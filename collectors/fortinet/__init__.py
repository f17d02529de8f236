"""Fortinet's logs: FortiOS' fields, whichever of its formats they came in."""
