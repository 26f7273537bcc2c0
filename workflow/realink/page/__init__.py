"""Figures, charts and the answer page."""
