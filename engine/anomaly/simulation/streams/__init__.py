"""The streams of a day, one a file: each module has a function `life(today)` that returns the day's events."""
