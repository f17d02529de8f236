"""Exercises: real attacks replayed as raw logs, with the truth beside them."""
