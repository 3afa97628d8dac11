#!/usr/bin/env bash
# Installs the tool that lies beside this script, which is the commit that `uses:` pins, with exactly the locked
# dependencies. Python runs isolated and away from the checkout, so that nothing in that can stand in for a module.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
tool=$(cd ../.. && pwd)
venv="$RUNNER_TEMP/reconciler"

python3 -Im venv "$venv"
"$venv/bin/python" -Im pip install --quiet --disable-pip-version-check \
  --only-binary :all: --require-hashes --requirement "$tool/requirements/plain.txt"
"$venv/bin/python" -Im pip install --quiet --disable-pip-version-check \
  --no-deps --no-build-isolation "$tool"
