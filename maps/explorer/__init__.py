"""The planner's explorer: the map page, what it asks for as it is used, its embed and its files."""
