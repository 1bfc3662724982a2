"""The study as one HTML page that needs no network and no server."""
