"""From the probability to an ICP that people can check."""
