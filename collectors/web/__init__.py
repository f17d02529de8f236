"""What the web server sources share: request lines, addresses, stamps, access lines and their completion."""
