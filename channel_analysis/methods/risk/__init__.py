"""Early warning of partners: panel, labels, features, models that explain themselves, and what follows."""
