"""From items to batches, from batches to a trained judge model or to distributions. No files, no tables."""
