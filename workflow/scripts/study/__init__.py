"""Shared by the rules' scripts: a package for each part of a study (docs/architecture.md)."""
