"""What is measured: periods, KPIs and their values."""
