"""VMware: what vCenter's and ESXi's services have in common in their logs."""
