"""From alerts to the few incidents that matter."""
