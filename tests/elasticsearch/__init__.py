"""A real Elasticsearch node for tests, and the tests that run against it."""
