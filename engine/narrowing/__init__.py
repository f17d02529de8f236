"""Narrowing a long look back on a cluster: which of its documents can match any rule, found out before any is read."""
