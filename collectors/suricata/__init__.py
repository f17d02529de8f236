"""Suricata's EVE records: addresses and flows, alerts, and each protocol's own part."""
