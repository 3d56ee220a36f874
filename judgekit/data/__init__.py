"""Tables in, an ItemTable out: readers, schema inference, item building, splitting; never loads torch.

The way of a file: `readers.delimited.read_table` (text cells and their lines), `schema.infer_schema` (which column
is what), `build.build_items` (items with label counts, every row accounted for), `split.split_items`.
"""
