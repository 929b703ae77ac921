"""`python -m census` is `census`."""

from census.cli.main import main

main()
