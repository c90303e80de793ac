"""The page that people review: one HTML file for each model, drawn from its bundle; nothing is computed here."""
