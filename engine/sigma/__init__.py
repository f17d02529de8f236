"""Sigma: rules compiled into predicates, evaluated once per distinct value."""
