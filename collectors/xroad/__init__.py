"""X-Road, the data exchange layer: what its four kinds of logs have in common."""
