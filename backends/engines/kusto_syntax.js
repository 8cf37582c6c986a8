// Reads Kusto queries with Microsoft's own parser and binder (npm: @kusto/language-service-next).
//   node kusto_syntax.js FOLDER-OF-THE-PACKAGE
// The first line out is the package's version. Then a line in is {"text": ..., "tables": {name: {column: type}}},
// and a line out says what is against the query, or null.
"use strict";
const path = require("node:path");
const lines = require("node:readline").createInterface({ input: process.stdin });

const home = path.resolve(process.argv[2]);
require(path.join(home, "bridge.min.js"));
require(path.join(home, "Kusto.Language.Bridge.min.js"));
const { GlobalState, KustoCode, Symbols } = Kusto.Language;

const TYPES = {
    string: Symbols.ScalarTypes.String,
    long: Symbols.ScalarTypes.Long,
    real: Symbols.ScalarTypes.Real,
    bool: Symbols.ScalarTypes.Bool,
    datetime: Symbols.ScalarTypes.DateTime,
    dynamic: Symbols.ScalarTypes.Dynamic,
};

function database(tables) {
    const made = Object.entries(tables).map(([name, columns]) =>
        new Symbols.TableSymbol.$ctor4(
            name, Object.entries(columns).map(([column, type]) => new Symbols.ColumnSymbol(column, TYPES[type]))));
    return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor3("db", null, made, false));
}

function problem({ text, tables }) {
    const found = KustoCode.ParseAndAnalyze(text, database(tables)).GetDiagnostics();
    if (found.Count === 0) return null;
    const first = found.getItem(0);
    return `${first.Severity}: ${first.Message} (at ${first.Start})`;
}

problem({ text: 'T | where f == "a"', tables: { T: { f: "string" } } }); // the first one takes seconds
console.log(JSON.stringify(require(path.join(home, "package.json")).version));
lines.on("line", (line) => {
    let answer;
    try {
        answer = problem(JSON.parse(line));
    } catch (error) {
        answer = `the parser failed: ${String(error && error.message).slice(0, 200)}`;
    }
    console.log(JSON.stringify(answer));
});
