"""The layouts a table may have, one file each."""
