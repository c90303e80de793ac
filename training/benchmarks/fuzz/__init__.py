"""Broken and hostile input by numbered cases, and what came of each."""
