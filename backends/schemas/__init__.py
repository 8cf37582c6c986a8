"""The shipped schemas: the *.yml files of this folder, found by entry point."""
