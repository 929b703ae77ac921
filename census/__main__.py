"""`python -m census` is `census`."""

from census.cli.start import main

main()
