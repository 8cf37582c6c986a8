#!/usr/bin/env bash
# OpenSearch, for the tests alone: what of it is published for Maven, and a little Java of ours that starts it.
#   tests/servers/opensearch.sh [FOLDER]      default: .vendors/opensearch in the project
# Needs a JDK 17 or newer, and Maven. FOLDER is left alone when it was made from the same files.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$here/opensearch
into=$(realpath -m "${1:-$here/../../.vendors/opensearch}")
made_from=$(cd "$here" && find opensearch opensearch.sh -type f | LC_ALL=C sort | xargs cat | sha256sum)
[ "$(cat "$into/made-from" 2> /dev/null)" != "$made_from" ] || exit 0

rm -rf "$into"
mkdir -p "$into"/{lib,main,build} "$into"/home/{config,modules,plugins}
mvn -B -q -Dstyle.color=never -f "$source/pom.xml" dependency:copy-dependencies -DoutputDirectory="$into/lib"
javac -nowarn -cp "$into/lib/*" -d "$into/build" "$source"/src/Main.java "$source"/src/sigmaq/*.java
jar cf "$into/main/main.jar" -C "$into/build" .
rm -rf "$into/build"
printf '%s\n' "$made_from" > "$into/made-from"
