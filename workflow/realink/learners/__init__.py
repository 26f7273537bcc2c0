"""Kinds of classifiers, each with its recipe, and what they share."""
