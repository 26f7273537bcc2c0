"""Translators from rendered images to real-looking ones: one module each, found by its name."""
