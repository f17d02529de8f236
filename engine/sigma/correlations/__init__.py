"""Correlations: what several matches within a time span say together (Sigma specification 2.1)."""
