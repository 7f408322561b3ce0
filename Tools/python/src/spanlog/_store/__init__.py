"""Writes a store: the files that FileFormat.md describes byte by byte."""
