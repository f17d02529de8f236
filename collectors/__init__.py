"""From bytes to normalised events: one file per log format."""
