"""A simulated ministry: what its logs would say day by day, and attacks put into them, with the truth beside."""
