"""Elasticsearch as a team's store: plain time-based indices behind aliases, written and read over HTTP."""
