"""One organisation of AIT-ADS as alerts: read as `kulla models evaluate ait-ads` reads it."""

from __future__ import annotations

from engine.anomaly.evaluation.alerts_data import NONE, THEFT, Organisation, names, read

__all__ = ["NONE", "THEFT", "Organisation", "names", "read"]
