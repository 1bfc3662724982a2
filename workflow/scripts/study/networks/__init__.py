"""Networks as data, before anything is computed."""
