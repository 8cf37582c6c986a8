"""Engines: what runs emitted queries on events, one small file each, optional at run time."""
