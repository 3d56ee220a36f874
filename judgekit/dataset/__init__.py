"""The items of a dataset: built, split, joined to further rounds, stored and opened; never loads torch."""
