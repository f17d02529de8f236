"""Other people's formats: CACAO playbooks, STIX bundles, ATT&CK Flows, MISP events and OpenC2 commands."""
