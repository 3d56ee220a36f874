"""Judges behind HTTP: requests joined into batches, limits, and the System One format."""
