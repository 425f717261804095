"""What must be true: tables, checks, policy."""
