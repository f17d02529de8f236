"""The models, one a file; each module has a constant `MODEL` (see `engine.anomaly.frame`)."""
