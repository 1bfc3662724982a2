"""The files that a run leaves: a module for each, which writes and reads it."""
