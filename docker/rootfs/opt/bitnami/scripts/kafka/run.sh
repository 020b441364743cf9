#!/bin/bash
# Serves with /opt/bitnami/kafka/config/server.properties as it is.
exec /usr/local/bin/ottla-container bitnami-run "$@"
