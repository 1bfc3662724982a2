"""What may be concluded from paired runs."""
