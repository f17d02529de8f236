"""Linux audit records: how they are written, what their types mean, and what their fields are called in ECS."""
