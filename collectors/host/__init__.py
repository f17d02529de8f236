"""Host logs that several sources share the reading of."""
