"""Judge data from annotations: a teacher writes judgments, and those that agree with people are kept."""
