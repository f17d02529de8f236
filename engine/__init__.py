"""From events to incidents: event types, store, Sigma, correlations, incidents."""
