"""What kulla knows of log sources, as data: which events they mean, and what rules' fields are called in them."""
