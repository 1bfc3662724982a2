"""Data sets: downloaded, read, checked, prepared and split."""
