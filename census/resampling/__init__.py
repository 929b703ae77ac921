"""Uncertainty that needs drawing at random: the null model of co-deployment, and the bootstrap over networks."""
