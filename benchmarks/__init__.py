"""What is fast, against peers, in one run: `python -m benchmarks` writes RESULTS.md."""
