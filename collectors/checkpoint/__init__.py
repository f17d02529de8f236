"""Check Point's logs: the formats of its Log Exporter brought to its own field names, and those in ECS."""
