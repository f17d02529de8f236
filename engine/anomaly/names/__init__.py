"""Domain names: which part of one somebody chose, and whether a person or a program did."""
