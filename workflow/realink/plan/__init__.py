"""What a study consists of: its mixes, its grid, its config and how long it will take."""
