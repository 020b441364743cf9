"""What is measured, never tested: absolute figures depend on the machine, so nothing here fails a build."""
