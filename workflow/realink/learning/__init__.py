"""The classifier that every mix is measured with, and how it learns."""
