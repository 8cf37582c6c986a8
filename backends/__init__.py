"""The query languages: one file or folder each, found by entry point."""
