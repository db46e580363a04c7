#!/usr/bin/env bash
# docs/reference is what the program writes now: the pages come from the tables that it reads by.
set -euo pipefail
exec "$FREEHOLD" docs --check docs/reference
