"""How a model is chosen: the quarterly line, where all side effects live."""
