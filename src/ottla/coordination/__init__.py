"""How a replicated machine runs over its log, and who hears of a new cluster image."""
