"""What the search for irregular operations measures: aggregates per partner, rep, order and period."""
