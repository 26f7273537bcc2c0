"""The grid, its mixes and seeds, and how results lie on disk."""
