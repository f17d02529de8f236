"""Parts of the Microsoft 365 unified audit log: what record types mean, alerts, mail."""
