"""From tables to comparisons, worth and sentences."""
