"""Translators from rendered images to real-looking ones: one package each, found by its name."""
