"""How each kind of cell is run: every load does its work once, checks that all of it was done, and returns figures."""
