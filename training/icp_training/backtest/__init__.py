"""What this tool would have said in each past quarter, and what then happened.

as_known      the deals as an export of an earlier day would have shown them
replay        one quarter: would there have been a model, and which tiers would it have given
hand_weights  hand-weighted scorecards on the same deals
records       what is reported, by quarter and pooled
running       all quarters, and what they come to
recording     the run in MLflow, with the table and the picture
"""
