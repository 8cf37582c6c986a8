#!/usr/bin/env bash
# Elastic's own grammar of ES|QL (PyPI: detection-rules-esql-py, Elastic License 2.0), for the tests alone.
#   tests/vendors/esql.sh [FOLDER]      default: .vendors/esql in the project
# The package asks for Python 3.12 but holds nothing that 3.11 lacks, so that the requirement is set
# aside; tests/vendors/test_esql.py shows that the grammar works, whatever Python runs it.
set -euo pipefail

esql() { # esql FOLDER: a virtual environment with the grammar; left alone when it is there already
    local folder=$1
    if "$folder/bin/python" -c "import esql" 2> /dev/null; then
        return
    fi
    "${PYTHON:-python3}" -m venv --clear "$folder"
    "$folder/bin/pip" -q install --disable-pip-version-check --ignore-requires-python \
        detection-rules-esql-py==0.1.0 antlr4-python3-runtime==4.13.2
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    esql "${1:-$(dirname "$0")/../../.vendors/esql}"
fi
