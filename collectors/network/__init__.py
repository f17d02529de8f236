"""Shared parts of the sources for network devices: envelopes, key=value texts, typed ECS values, completion."""
