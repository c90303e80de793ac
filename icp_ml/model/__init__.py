"""From that table to an honest probability."""
