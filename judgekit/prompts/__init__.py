"""Prompts: templates, the built-in ones, and labels as token ids. Knows no table, no tensor and no model."""
