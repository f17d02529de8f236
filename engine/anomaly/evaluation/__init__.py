"""How good the models are, on public data and seeds: one row for each data set, which anyone can print again."""
