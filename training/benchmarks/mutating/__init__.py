"""Small faults put into chosen modules, one at a time, to see whether a test notices."""
