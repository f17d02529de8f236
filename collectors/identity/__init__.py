"""What identity services have in common: names of accounts, and the tables of their event types."""
