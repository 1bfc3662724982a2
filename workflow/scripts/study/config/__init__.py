"""The configuration: checked, completed, and resolved into the runs of the study."""
