"""What is concluded about reps: spread of attainment, targets told from people, recognition and contests."""
