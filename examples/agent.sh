#!/bin/sh
# One step of an agent with curl: hold what it may cost, do it, tell what it used, which settles the hold.
#
#   WEIR=http://127.0.0.1:8787 KEY=weir_… examples/agent.sh
set -eu

weir() {
  curl -sS --fail-with-body "${WEIR:-http://127.0.0.1:8787}$1" -H "Authorization: Bearer $KEY" \
    -H 'Content-Type: application/json' -d "$2"
}

STEP="step-$(date +%s)-$$"
HELD=$(weir /v1/holds '{"customer": "acme", "key": "'"$STEP"'", "ttl": "5m",
  "estimate": {"provider": "openai", "model": "gpt-4o", "inputTokens": 4000, "maxTokens": 1000}}')
case "$HELD" in *'"decision":"allow"'*) ;; *) echo "$HELD"; exit 1 ;; esac

# Here the model is called; what it says it used is told.
weir /v1/events '{"id": "'"$STEP"'", "customer": "acme", "hold": "'"$STEP"'", "type": "llm.request",
  "data": {"provider": "openai", "model": "gpt-4o", "input_tokens": 4000, "output_tokens": 500}}'
