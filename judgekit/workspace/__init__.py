"""All knowledge of the disk: where things lie, how they get there whole, and how they are opened again."""
