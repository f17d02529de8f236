"""Mail: what transport agents and their filters write, read by several sources."""
