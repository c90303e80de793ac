"""The bench of scoring: what takes part, on what lists, how it is timed, and the page."""
