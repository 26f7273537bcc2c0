"""What goes in: sets of labelled images, and where they come from."""
