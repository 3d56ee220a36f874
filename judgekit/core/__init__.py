"""The mathematics of judgekit: pure functions of arrays, with no I/O and no knowledge of the rest of the program."""
