"""The clients that people use, one program each, all asked to show the same behaviours."""
