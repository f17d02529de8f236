"""Palo Alto Networks' firewalls: columns of PAN-OS, keys of its other formats, ECS fields."""
