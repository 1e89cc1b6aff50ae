"""Pages of deposits: a partner's file in, counts per quarter out, one address looked up."""
