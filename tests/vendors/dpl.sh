#!/usr/bin/env bash
# Teragrep's parser of DPL, its dialect of SPL (Maven Central: com.teragrep:pth_03, AGPL 3.0), for the tests alone;
# needs a JDK and Maven.
#   tests/vendors/dpl.sh [FOLDER]      default: .vendors/dpl in the project
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

dpl() { # dpl FOLDER: the parser's jar and the program that asks it; left alone when they are there
    local folder=$1 plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
    if [ -f "$folder/Dpl.class" ]; then
        return
    fi
    mkdir -p "$folder"
    mvn -B -q "$plugin:copy" -Dartifact=com.teragrep:pth_03:9.4.1 -DoutputDirectory="$(realpath "$folder")"
    javac -cp "$folder/pth_03-9.4.1.jar" -d "$folder" "$here/dpl.java"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    dpl "${1:-$here/../../.vendors/dpl}"
fi
