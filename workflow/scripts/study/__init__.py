"""What the rules' scripts share: configuration, runs, networks, training, files, logs."""
