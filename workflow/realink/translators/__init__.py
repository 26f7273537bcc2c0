"""Translators from font digits to handwriting: one module each, found by its name."""
