"""What the figures of a dataset mean before anybody trains on it."""
