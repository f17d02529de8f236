"""Privacy: what of an event's personal data is stored, and as what."""
