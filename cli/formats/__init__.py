"""One module per output format; each has the one function that makes log content harmless there."""
