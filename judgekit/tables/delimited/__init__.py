"""Delimited text: which dialect, which rows fit their header, and what is refused because it reads two ways."""
