"""What an event's values say beyond themselves, worked out once for each distinct value, without a network."""
