// Reads KQL with Kibana's own parser: node kibana.js FOLDER-OF-THE-PACKAGE
// A line in is a query as JSON; a line out is [the values it asks for, what is against it or null].
"use strict";
const { fromKueryExpression } = require(require("node:path").resolve(process.argv[2]));

function values(tree) { // a list makes a tree as deep as the list is long
    const found = [];
    const pending = [tree];
    while (pending.length > 0) {
        const node = pending.pop();
        if (node.function === "is") found.push(node.arguments[1].value);
        else pending.push(...(node.arguments || []).slice().reverse());
    }
    return found;
}

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    let answer;
    try {
        answer = [values(fromKueryExpression(JSON.parse(line))), null];
    } catch (error) {
        answer = [[], error.message.split("\n")[0]];
    }
    console.log(JSON.stringify(answer));
});
