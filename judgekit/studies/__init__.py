"""The study of arXiv 2505.12301: its variants, runs, records and result."""
