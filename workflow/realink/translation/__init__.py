"""Rendered images made to look real: the training loop, its states, and the translators."""
