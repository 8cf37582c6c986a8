#!/usr/bin/env bash
# Microsoft's parser and binder of Kusto (npm: @kusto/language-service-next, MIT).
#   tests/vendors/kusto.sh [FOLDER]      default: .vendors/kusto in the project
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

kusto() { # kusto FOLDER: FOLDER/node_modules with the package, as the lock file has it; left alone when it is there
    local folder=$1
    if [ -f "$folder/node_modules/@kusto/language-service-next/package.json" ]; then
        return
    fi
    mkdir -p "$folder"
    cp "$here/kusto-lock.json" "$folder/package-lock.json"
    printf '{"private": true, "dependencies": {"@kusto/language-service-next": "12.4.1"}}\n' > "$folder/package.json"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    kusto "${1:-$here/../../.vendors/kusto}"
fi
