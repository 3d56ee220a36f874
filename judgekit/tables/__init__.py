"""Files in, a `SourceTable` out: text cells that know where they stand, and one account of the rows. No torch."""
