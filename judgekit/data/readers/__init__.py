"""One file per source format: each turns a file into a `SourceTable` of text cells."""
