"""General-equilibrium trade models."""
