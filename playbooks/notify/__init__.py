"""Telling people: who is told what through which channel, each message once, and none lost."""
