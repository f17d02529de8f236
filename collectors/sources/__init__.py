"""The log formats, one file each; a new format is a new file here that defines `SOURCE`."""
