"""The simulated neighbourhood: inference servers of every kind and mood on loopback, with the truth about them."""

from census.demo.population import Population, Resident, generate
from census.demo.process import Neighbourhood, launch
from census.demo.servers import DemoError, Record, Servers

__all__ = ["DemoError", "Neighbourhood", "Population", "Record", "Resident", "Servers", "generate", "launch"]
