"""The home page: what each person has to do here, and nothing of what another has."""
