"""From incident to recovery: playbooks, the guided run, the ledger and exercises."""
