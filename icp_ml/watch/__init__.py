"""What changes over time: from one model to the next, and from one list to the next."""
