"""The bench for accuracy: sets and their outer folds, methods, cells that are kept, figures and the page."""
