"""What an attack is likely to do next, where that would show, and what prevents it."""
