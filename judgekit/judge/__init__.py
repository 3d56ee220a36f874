"""A trained judge: opened, asked for distributions, exported."""
