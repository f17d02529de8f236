"""Zeek's logs: the columns of its TSV files, which log a JSON object is of, and what each log means."""
