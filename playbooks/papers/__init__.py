"""Papers: what an incident obliges people to write, drafted from what is known, with the origin of every field."""
