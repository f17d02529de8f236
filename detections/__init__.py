"""What to look for, as data: Sigma rules with their own test events, and field pipelines."""
