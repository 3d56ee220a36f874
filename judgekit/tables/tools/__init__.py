"""One file per annotation tool or published format."""
