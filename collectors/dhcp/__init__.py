"""What DHCP servers say about leases, whoever wrote it."""
