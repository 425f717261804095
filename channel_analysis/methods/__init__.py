"""What is concluded: frames and policy in, results out."""
