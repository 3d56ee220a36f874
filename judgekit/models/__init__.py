"""Pretrained models read as judges. torch, transformers, peft and bitsandbytes live here and nowhere below.

This floor knows tensors and token ids: no tables, no templates, no labels as words, no workspace.
"""
