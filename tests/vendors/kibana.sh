#!/usr/bin/env bash
# Kibana's own parser of KQL, as of Kibana 7 (npm: @cybernetex/kbn-es-query, Apache License 2.0).
#   tests/vendors/kibana.sh [FOLDER]      default: .vendors/kibana in the project
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

kibana() { # kibana FOLDER: FOLDER/node_modules with the package, as the lock file has it; left alone when it is there
    local folder=$1
    if [ -f "$folder/node_modules/@cybernetex/kbn-es-query/package.json" ]; then
        return
    fi
    mkdir -p "$folder"
    cp "$here/kibana-lock.json" "$folder/package-lock.json"
    printf '{"private": true, "dependencies": {"@cybernetex/kbn-es-query": "1.0.2"}}\n' > "$folder/package.json"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    kibana "${1:-$here/../../.vendors/kibana}"
fi
