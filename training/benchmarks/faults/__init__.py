"""Faults put into real commands on purpose, and what each of them left behind."""
