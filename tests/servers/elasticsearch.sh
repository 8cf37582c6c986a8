#!/usr/bin/env bash
# Elasticsearch, for the tests alone: what of it is published for Maven, and a little Java of ours that starts it.
#   tests/servers/elasticsearch.sh [FOLDER]      default: .vendors/elasticsearch in the project
# Needs a JDK 17 or newer, and Maven. FOLDER is left alone when it was made from the same files.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$here/elasticsearch
into=$(realpath -m "${1:-$here/../../.vendors/elasticsearch}")
made_from=$(cd "$here" && find elasticsearch elasticsearch.sh -type f | LC_ALL=C sort | xargs cat | sha256sum)
[ "$(cat "$into/made-from" 2> /dev/null)" != "$made_from" ] || exit 0

rm -rf "$into"
mkdir -p "$into"/{lib,main,build} "$into"/home/{config,modules,plugins}
mvn -B -q -Dstyle.color=never -f "$source/pom.xml" dependency:copy-dependencies -DoutputDirectory="$into/lib"
version=$(basename "$into"/lib/elasticsearch-core-*.jar .jar)
version=${version##*-}

module() { # module NAME CLASS EXTENDED JAR...: a plugin of the node; its jars leave lib/
    local home="$into/home/modules/$1" jar
    mkdir -p "$home"
    printf '%s\n' "name=$1" "description=$1" "classname=$2" "extended.plugins=$3" \
        "version=$version" "elasticsearch.version=$version" java.version=17 > "$home/plugin-descriptor.properties"
    for jar in "${@:4}"; do mv "$into"/lib/$jar-[0-9]*.jar "$home"; done
}

compile() { # compile JAR CLASSPATH SOURCE...
    local classes
    classes=$(mktemp -d -p "$into/build")
    javac -nowarn -cp "$2" -d "$classes" "${@:3}"
    jar cf "$1" -C "$classes" .
}

module x-pack-core org.elasticsearch.xpack.core.XPackPlugin "" \
    x-pack-core x-pack-template-resources elasticsearch-ssl-config unboundid-ldapsdk log4j-1.2-api \
    httpclient httpcore httpcore-nio httpasyncclient commons-codec commons-logging
module x-pack-esql-core org.elasticsearch.xpack.esql.core.plugin.EsqlCorePlugin x-pack-core \
    x-pack-esql-core antlr4-runtime
module x-pack-esql org.elasticsearch.xpack.esql.plugin.EsqlPlugin x-pack-esql-core \
    x-pack-esql x-pack-esql-compute lucene-spatial3d
module pipe sigmaq.PipePlugin ""
compile "$into/main/main.jar" "$into/lib/*" "$source/src/Main.java"
compile "$into/home/modules/pipe/pipe.jar" "$into/lib/*" "$source"/src/sigmaq/*.java
for name in x-pack-esql-core x-pack-esql; do
    find "$source/absent/$name" -name '*.java' > "$into/build/absent"
    compile "$into/home/modules/$name/absent.jar" "$into/lib/*" "@$into/build/absent"
done
rm -rf "$into/build"
printf '%s\n' "$made_from" > "$into/made-from"
