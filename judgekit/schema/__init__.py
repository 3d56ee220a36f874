"""Which column is what: evidence, candidate readings, one decision; never loads torch."""
