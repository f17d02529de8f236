"""What the sources for resolvers, DHCP servers, tunnels and flow collectors share."""
