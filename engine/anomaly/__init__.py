"""Anomaly models: small, structural, explainable, and held to an alert budget. See docs/models.md."""
