"""What the rules' scripts share: configuration, runs, networks, training, files, logs."""

import atexit
import gc

# What scripts import and Snakemake plans is a million objects that stay. Looking through them for
# garbage after every 700 new ones, as Python does by default, and once more at the end takes a
# quarter of a short job and of the planning.
gc.set_threshold(1_000_000)
atexit.register(gc.freeze)
