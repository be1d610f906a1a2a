"""What people decided about a dataset: one decision, the ledger and its fold, the journal on
this machine's disk."""
