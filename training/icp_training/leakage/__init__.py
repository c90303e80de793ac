"""May a column be learned from? One verdict for each: use, ask or drop, with the evidence in figures and in words.

columns      a column as numbers, days and levels, and what is known of the deals beside it
records      the evidence and the verdict as records, and the stable codes
outcomes     evidence from the outcome: strength, filling, values, copies, totals
times        evidence from dates: what is written down after the opening or the close
roles        evidence from what a column is: its name, an identifier, the seller's side, the prospect list
verdicts     all evidence together
sources      the columns that a configuration names, read from its files
"""
