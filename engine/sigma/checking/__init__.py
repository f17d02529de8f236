"""Quality gates over rules: each check looks at rule documents, or at what became of them, and gives findings."""
