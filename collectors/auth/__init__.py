"""What the messages of the Linux auth log mean: one table per family of programs."""
