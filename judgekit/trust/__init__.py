"""How far to believe a judge: evaluation, what it was trained on, comparison, drift."""
