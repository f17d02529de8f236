"""Where events, alerts, incidents and the ledger are kept."""
