"""The ICP in the formats of the places where people work: each file says which version it is of."""
