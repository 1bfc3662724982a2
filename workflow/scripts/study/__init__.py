"""What the rules' scripts share: configuration, runs, networks, training, files, logs."""

import gc

# A job, and Snakemake's plan, make many objects that stay and few cycles. Looking for cycles after
# every 700 new objects, as Python does by default, takes a third of the import of TensorFlow and up
# to a quarter of the planning.
gc.set_threshold(1_000_000)
