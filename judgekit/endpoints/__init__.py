"""Endpoints that are asked over HTTP: which may be, and the calls."""
