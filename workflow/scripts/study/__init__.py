"""What the rules' scripts share: configuration, runs, networks, training, files, logs."""

__version__ = "0.1.0"
