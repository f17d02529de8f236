"""Tuning: what rules would alert on before they are switched on, what they cost, and what a filter would hide."""
