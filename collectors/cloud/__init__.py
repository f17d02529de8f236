"""What the audit logs of cloud services have in common: JSON documents of a vendor, read into ECS."""
