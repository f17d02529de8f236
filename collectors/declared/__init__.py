"""Log sources that users write in YAML: a new e-service's log needs no Python."""
