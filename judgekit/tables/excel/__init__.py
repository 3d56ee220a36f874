"""Excel workbooks: which sheet, which header row, and the cells as a person sees them."""
