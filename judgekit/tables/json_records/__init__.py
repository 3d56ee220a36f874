"""JSON and JSONL: records with their places, and the table that records of no known tool make."""
