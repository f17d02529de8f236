"""Restoration: which services come back in which order, who works on what and when, and how far from the best it is."""
