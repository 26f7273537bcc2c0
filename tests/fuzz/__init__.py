"""Damaged and hostile input, thousands of each kind: read rightly, or refused in one line."""
