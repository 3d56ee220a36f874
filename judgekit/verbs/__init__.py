"""One file per verb: the composition of the floors below, importable by Python users. Prints nothing."""
