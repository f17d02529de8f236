"""Web application firewalls: what their alerts and audit logs say."""
