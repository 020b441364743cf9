#!/bin/bash
# The entry point of bitnami/kafka: sets up before run.sh, and runs any other command as it is.
exec /usr/local/bin/ottla-container bitnami-entrypoint "$@"
