"""What learners share: augmentation, optimisers, pseudo-labels, controls."""
