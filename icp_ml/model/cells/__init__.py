"""A model compiled into tables: exact contributions by looking them up instead of walking trees.

tree_shape -> codes -> leaves -> grouping -> filling -> tables -> program -> kernel, with `reference` as the oracle.
`compiling` goes the whole way from the members of a model to its tables, `looking_up` scores rows with them, and
docs/cell-tables.md has the method and its figures.
"""
