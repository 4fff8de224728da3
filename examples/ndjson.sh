#!/bin/sh
# Streams a file of events, one JSON object a line, compressed on the way, and prints the lines that were refused and
# the counts. The file may be of any size; sent again, what is stored is a duplicate.
#
#   WEIR=http://127.0.0.1:8787 KEY=weir_… examples/ndjson.sh examples/events.ndjson
set -eu

gzip -c "$@" | curl -sS --fail-with-body -X POST -T - "${WEIR:-http://127.0.0.1:8787}/v1/events?results=rejected" \
  -H "Authorization: Bearer $KEY" \
  -H 'Content-Type: application/x-ndjson' \
  -H 'Content-Encoding: gzip'
