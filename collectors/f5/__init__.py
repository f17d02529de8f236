"""F5 BIG-IP: its daemons' messages, and the events of its security modules."""
