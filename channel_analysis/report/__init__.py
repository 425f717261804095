"""What people see: words, tables and figures on pages, run and published."""
