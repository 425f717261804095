"""`python -m channel_analysis.cli` is the command itself."""

from . import app

if __name__ == "__main__":
    app()
