"""How bytes reach kulla beside files that are read once: followed files, syslog listeners, an HTTP endpoint."""
