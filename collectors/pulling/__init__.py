"""Pulling: logs fetched from where others keep them (object storage, Kafka, X-Road), each record once."""
