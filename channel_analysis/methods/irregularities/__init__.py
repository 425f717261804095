"""What in trade is to be checked: rules over measured aggregates, each with its odds among honest peers."""
