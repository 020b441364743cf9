"""The metadata of the cluster: its records, the image they build and the controller machine. Pure."""
