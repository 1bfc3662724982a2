"""Training: one run, exact, resumable and fast."""
