"""What the package offers: fetch from a workspace, compose methods into results."""
