#!/bin/bash
# Configures, formats a new volume and runs the init scripts.
exec /usr/local/bin/ottla-container bitnami-setup "$@"
