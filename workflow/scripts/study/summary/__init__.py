"""The study's summary."""
