"""The catalogue of diagnostic codes: what each means and the way out.

The first letter is the stage that speaks: S source, R rule, C condition, M modifier, F fields and
log sources (schema), P pySigma pipelines, T target language, V verification, U usage. ``sigmaq codes`` and docs/diagnostics.md are
printed from this table.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Code(NamedTuple):
    """One kind of diagnostic.

    ``explanation`` says what happened and why it matters; ``hint`` is the way out when the
    diagnostic brings none of its own.
    """

    severity: Literal["error", "warning", "note"]
    title: str
    explanation: str
    hint: str


CODES: dict[str, Code] = {
    # --- S: files and YAML -----------------------------------------------------------------
    "S101": Code("error", "file cannot be read", "The path does not exist, may not be read, or is a loop of links.", "check the path and its permissions"),
    "S102": Code("error", "file or document too large", "Rules are small; a file over 16 MiB, or a document over 1 MiB or 100,000 values, is refused so that it cannot exhaust memory.", "split it"),
    "S103": Code("error", "not text", "The file is not UTF-8 or UTF-16 text, or holds control characters that YAML forbids.", "save the rule as UTF-8"),
    "S104": Code("error", "YAML syntax", "The YAML parser stopped here.", "mend the YAML at the position shown"),
    "S105": Code("error", "YAML nested too deeply", "Lists and maps may be nested 64 deep; no rule needs more.", "flatten the document"),
    "S106": Code("error", "YAML too large when aliases are followed", "Aliases repeat a part of the document; followed, this one would grow beyond the limit of a document, or without end.", "write the repeated part out, or shorten it"),
    "S107": Code("error", "duplicate key", "A map has the same key twice. YAML readers keep one of the two, so part of the rule would be lost without a word.", "rename one key, or join their values in a list"),
    "S108": Code("error", "no rule in file", "The file holds no YAML document.", "remove the file from the list"),
    "S109": Code("error", "reading stopped", "So many documents of the file are broken that it is no rule file; what follows them was not read.", "mend the documents above, or remove the file from the list"),
    "S110": Code("error", "not the text of a tree", "The text form of a tree is one node a line, each indented by two blanks more than the operator it belongs to.", "take the text as it was written"),
    # --- R: the rule -----------------------------------------------------------------------
    "R201": Code("error", "not a Sigma rule", "The document is not a map with a title, a logsource and a detection.", "check the indentation; see the rule format of the Sigma specification"),
    "R202": Code("error", "required part missing", "The specification requires this part of a rule.", "add the part"),
    "R203": Code("error", "wrong type", "This part of the rule has another type than the specification says.", "write it as the specification says"),
    "R204": Code("error", "empty detection", "A selection without any condition matches everything or nothing; neither is meant.", "add a field or remove the selection"),
    "R205": Code("error", "null in a keyword list", "A keyword is searched for in the whole event; null cannot be.", "bind null to a field: `Field: null`"),
    "R206": Code("error", "correlation rules: not yet", "The document is a correlation. This version compiles single rules.", "convert the rules it refers to one by one"),
    "R207": Code("error", "filters: not yet", "The document is a filter. This version compiles single rules.", "add the filter's condition to the rule itself"),
    "R208": Code("error", "rule collections: not yet", "`action: global`, `reset` and `repeat` collections are not compiled by this version.", "write each rule out as a document of its own"),
    "R209": Code("note", "value of a metadata field is not in the specification", "The level or status is not one of the specification's words; options that select by it do not see the rule.", "use one of the specification's words"),
    "R210": Code("error", "too many values", "The rule amounts to more values than any real rule needs, counting every spelling that a modifier makes and every use of a selection, or its condition is too long. It is refused to bound time and memory.", "split the rule, or use a lookup in the SIEM"),
    "R211": Code("note", "timeframe without aggregation", "`timeframe` only ever had a meaning beside an aggregation in the condition.", "remove it, or write a correlation rule"),
    # --- C: the condition ------------------------------------------------------------------
    "C301": Code("error", "condition syntax", "The condition does not follow the grammar: selections, and, or, not, 1/any/all of, parentheses.", "mend the condition at the word shown"),
    "C302": Code("error", "no such selection", "The condition names a selection that the detection does not have.", "use one of the names the rule defines"),
    "C303": Code("error", "pattern names nothing", "No selection has a name that this pattern fits.", "rename the selections or the pattern"),
    "C304": Code("error", "aggregation in the condition", "`| count() ...` was removed from Sigma; correlations replace it.", "write a correlation rule"),
    "C305": Code("error", "condition nested too deeply", "Parentheses and not may be nested 64 deep; no rule needs more.", "simplify the condition"),
    "C306": Code("note", "operator in capitals", "The specification writes and, or, not in lower case; this was read as the operator.", "write the operator in lower case"),
    "C307": Code("note", "selection not used", "The condition never uses this selection.", "remove it or add it to the condition"),
    # --- M: modifiers ----------------------------------------------------------------------
    "M401": Code("error", "unknown modifier", "The specification has no modifier of this name.", "check the spelling"),
    "M402": Code("error", "modifier does not fit the value", "This modifier cannot be applied to a value of this type.", "change the value or drop the modifier"),
    "M403": Code("error", "modifiers do not fit together", "This modifier cannot follow the ones before it.", "reorder or drop a modifier"),
    "M404": Code("error", "regular expression", "The regular expression does not parse, or uses what Sigma's subset of PCRE does not have.", "mend the expression at the position shown"),
    "M405": Code("error", "not a network", "The value is not an IPv4 or IPv6 network in CIDR notation.", "write it as address/prefix, such as 10.0.0.0/8"),
    "M406": Code("error", "unresolved placeholder", "The value holds a placeholder (`expand`) and nobody gave it a value.", "replace the placeholder by its values"),
    "M407": Code("error", "all on one value", "`all` needs a list; on a single value it changes nothing and hides a mistake.", "drop `all`, or make the value a list"),
    "M408": Code("error", "null in a list", "The specification forbids null beside other values in `all` and modified lists.", "give null a map of its own"),
    "M409": Code("error", "modifier given twice", "The same modifier stands twice in one field.", "drop one of the two"),
    # --- F: fields and log sources ---------------------------------------------------------
    "F501": Code("error", "log source not in the schema", "The schema does not say where the target keeps events of this log source, so the query would look in the wrong place.", "use `-s none` to keep the rule's own names without a log-source restriction"),
    "F502": Code("error", "field not in the schema", "The schema does not say what the target calls this field; with the rule's name the query would find nothing.", "extend the schema, use `--unmapped pass` to keep the name, or `-s none` to keep every name"),
    "F503": Code("error", "value does not fit the column", "The column's type cannot hold this value, so the comparison could never be true, or would be an error.", "check the value against the column's type"),
    "F504": Code("note", "no log-source restriction", "The schema `none` keeps the rule's field names and does not restrict the query to the rule's log source.", "choose a schema with -s, or run the query where only such events are"),
    "F505": Code("error", "schema file", "The schema file does not follow the format.", "see docs/schema-format.md"),
    "F506": Code("error", "schema and target do not fit", "The schema describes another platform than the target's.", "`sigmaq schemas` lists which schema fits which target"),
    "F507": Code("warning", "never recorded there", "The events that the query looks at never have this field or value, so that the part of the rule that asks for it cannot match.", "choose other telemetry with --telemetry, if it is collected"),
    "F508": Code("error", "nothing can match", "Everything the rule hangs on is something that the chosen telemetry never records; the query would find nothing, or everything.", "choose other telemetry with --telemetry"),
    "F509": Code("note", "other telemetry", "The rule asks for what the preferred telemetry does not record; the query looks at one that does.", "check that it is collected"),
    "F510": Code("warning", "log source not in the schema", "The schema does not know the log source; with --unmapped pass the query keeps the rule's names and is not restricted to it.", "add the log source to a schema of your own (docs/schema-format.md)"),
    "F511": Code("warning", "field not in the schema", "The schema does not know the field; with --unmapped pass the query keeps its name, which may not be what the platform calls it.", "add the field to a schema of your own (docs/schema-format.md)"),
    "F512": Code("error", "no such telemetry", "No schema that is used knows a telemetry of this name, so that the option would do nothing.", "`sigmaq schemas show NAME` lists them"),
    "F513": Code("note", "values kept in another form", "The platform keeps the field's values in another form; the query means the rule if events are as the note says.", "check it against events of your own (`sigmaq verify --events`)"),
    "F514": Code("warning", "value not kept", "The platform leaves this value out when it stores an event; the query takes a missing field for it, so that it also finds events that never had one.", "nothing needs to be done where every event has the field"),
    "F515": Code("warning", "wider than the rule", "The platform keeps the field in a way that loses something; the query also finds events that the rule does not match.", "check what it finds, or choose other telemetry with --telemetry"),
    # --- P: pySigma pipelines --------------------------------------------------------------
    "P701": Code("error", "unknown pipeline", "No installed plug-in of pySigma has a pipeline of this name, and it is no file's (*.yml, *.yaml).", "`sigmaq pipelines` lists the names"),
    "P702": Code("error", "pipeline cannot be loaded", "The file is no pySigma pipeline, the plug-in fails when it is imported, or the pipeline takes values from files, the network or commands, which is never done here.", "mend the pipeline; see docs/pipelines.md"),
    "P703": Code("error", "pipeline and target do not fit", "The pipeline gives the names of another platform than the target's.", "`sigmaq pipelines` lists which pipeline is for which target"),
    "P704": Code("error", "pipeline refuses the rule", "pySigma's pipeline raised an error on this rule; other rules are converted.", "choose another pipeline, or convert the rule without"),
    "P705": Code("error", "result of a pipeline cannot be carried over", "The pipeline turned a part of the rule into something that only pySigma's backend for one language could read, such as text of a query.", "use another transformation; see docs/pipelines.md"),
    "P706": Code("warning", "change of the query not applied", "The pipeline would change the text of pySigma's query, or put all queries into another form; ours is made by another program, so that this was left out. If it restricts the query, that is missing.", "say it with --index or --table, or by a condition that the pipeline adds"),
    "P707": Code("warning", "set by the pipeline and not used", "The pipeline leaves a value for a backend of pySigma's which this target's query does not use.", "check that the query does not need it; --index and --table name where it looks"),
    "P708": Code("warning", "dropped by the pipeline", "The pipeline removed a part of the rule, so that the query finds more or less than the rule means.", "check that the rest is what you want, or change the pipeline"),
    "P709": Code("error", "pipeline leaves nothing", "The pipeline removed everything that the rule's condition asks for.", "change the pipeline"),
    # --- T: target languages ---------------------------------------------------------------
    "T601": Code("error", "target cannot say this", "The target's language has no exact form for this part of the rule, and a weaker one would hide it.", "choose another target"),
    "T602": Code("error", "query would be too long", "Listing every spelling or folding every letter makes the query longer than the target takes.", "choose another target, or shorten the value"),
    "T603": Code("error", "regular expression not in the target's dialect", "The target's regular expressions lack a construct that the rule's uses.", "choose another target, or rewrite the expression"),
    "T604": Code("error", "field name cannot be written", "The target's language has no way to write this field name.", "choose another target or a schema that renames the field"),
    "T610": Code("warning", "letter case counts in the target", "The rule ignores letter case; the target compares this field exactly and has no other form, so it misses other spellings.", "index the field case-folded and declare it (`--strings folded`), or choose another target"),
    "T611": Code("warning", "null, empty and missing are one in the target", "The target cannot tell a missing field, null and the empty string apart; the query treats them alike.", "check whether the events can hold empty values"),
    "T612": Code("warning", "only ASCII letters are folded", "The target ignores case for A to Z alone; other letters of the value are compared exactly.", "add the other spelling to the rule"),
    "T613": Code("warning", "letter case cannot be told apart", "The rule asks for exact case; the target ignores case on this field, so it also finds other spellings.", "choose another target or field"),
    "T614": Code("warning", "several values in one field", "The target's comparison treats a field with several values in another way than the rule.", "choose another target, or a schema that says the field has one value"),
    "T615": Code("warning", "weaker than the rule", "The target says this only in a wider or narrower form.", "read the message; choose another target if it matters"),
    "T620": Code("note", "slow in the target", "The query is right, and this part of it makes the target read every value.", "nothing to do unless the query is too slow"),
    "T621": Code("note", "assumes case-folded strings", "The query is right where the deployment's string fields are case-folded by their index, as `--strings folded` or the schema declares.", "drop `--strings folded` for a query that does not depend on it"),
    "T622": Code("note", "assumes a column type", "Nothing says what type the column has; the query takes it from the rule's value.", "use a schema that knows the column"),
    "T623": Code("note", "looks into certain fields only", "The target has no search over all fields; the keyword is looked for in the fields the message names.", "choose another target, or a schema that names more fields"),
    "T624": Code("note", "holds under a condition", "The query means the rule under the condition that the message states.", "check the condition"),
    "T625": Code("note", "a null inside a list is not seen", "The rule's null is also an element of a list; the target indexes the other values of such a list, and the field counts as present.", "check whether lists of the field can hold null"),
    # --- V: verification -------------------------------------------------------------------
    "V901": Code("warning", "not an event", "The line of an event file (of an event log: the record) is not a JSON object of text and numbers; it was left out.", "mend the line, or remove it"),
    "V902": Code("warning", "too many events", "Events are held in memory, a bounded number of them; those that follow were left out.", "verify on one part of the events after another"),
    "V903": Code("warning", "event file breaks off", "The file cannot be read, or not to its end; the events before that are used.", "check that the file is whole and what its name says"),
    "V904": Code("error", "no such event file", "Events are read from files that exist and whose names say what they hold.", "see `sigmaq verify --help`"),
    "V905": Code("error", "package missing", "What was asked for takes a package that is not installed.", "install the extra that the message names"),
    "V906": Code("note", "shape of the events", "Events come in Sigma's field names or in those of the schema; which it is was seen from the names they use.", "say it with --shape if it is not so"),
    "V907": Code("note", "log source taken as given", "Events in Sigma's field names do not say where a platform keeps them. Each is taken to be of the rule's log source, so that what selects it there holds; fields that the rule asks for stay the event's own.", "give only events of the log source, or events in the schema's shape"),
    # --- U: usage --------------------------------------------------------------------------
    "U801": Code("error", "unknown target", "There is no backend of this name.", "`sigmaq targets` lists the names"),
    "U802": Code("error", "unknown schema", "There is no schema of this name, nor a file.", "`sigmaq schemas` lists the names"),
    "U803": Code("error", "output cannot be written", "The output file or folder cannot be written; nothing was changed.", "check the path and its permissions"),
    "U804": Code("error", "ambiguous language", "KQL is the name of two languages.", "write `-t kusto` (Microsoft) or `-t kibana` (Elastic)"),
    "U805": Code("error", "two plug-ins of one name", "Two installed packages register the same name.", "uninstall one of the packages"),
    "U806": Code("error", "no rules found", "The paths hold no *.yml or *.yaml file.", "check the paths"),
    "U807": Code("error", "plug-in cannot be loaded", "The package that brings this target fails when it is imported.", "reinstall or uninstall the package"),
    "U808": Code("error", "configuration", "The configuration file cannot be read or says what it cannot say.", "see docs/configuration.md"),
    "U809": Code("error", "file exists", "The file is there already; nothing was changed.", "remove it, or use --force"),
    "U899": Code("error", "internal error", "The compiler failed on this rule; the others are not affected. This is a defect of sigmaq.", "please report it with the rule"),
}  # fmt: skip
