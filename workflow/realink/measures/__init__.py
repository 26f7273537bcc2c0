"""What the judge reads, and how far images are from real ones."""
