"""How results lie on disk, and are read back."""
