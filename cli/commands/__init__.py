"""One module per command; each has `app`, and imports the heavy packages it needs inside its functions."""
