"""The only edge: one file a verb; reads clock and environment, opens readers and writers."""
