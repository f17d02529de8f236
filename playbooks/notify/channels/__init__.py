"""Channels, one file each; a new file here is a new kind of channel (see `playbooks.notify.channel`)."""
