"""Indicators of compromise from outside: read, kept, and matched against stored events back in time."""
