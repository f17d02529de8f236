"""Packs: rules of others, pinned by version and SHA-256, installed whole, compared before, and rolled back."""
