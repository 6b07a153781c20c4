"""The rules: what each says, why, and the way out. Ids never change their meaning."""

from collections.abc import Mapping

from tenantable.iam.lint.findings import Rule, Severity

_ERROR, _WARNING, _INFORMATION = Severity.ERROR, Severity.WARNING, Severity.INFORMATION

_RULES = (
    Rule(
        id="TP101",
        name="wildcard action",
        severity=_ERROR,
        sentence="An action with a wildcard allows more than the code does, and what AWS adds later.",
        why="`dynamodb:*` holds DeleteTable and PutResourcePolicy; `dynamodb:*Item` holds writes as well as reads. "
        "Code needs the few actions that it calls.",
        way_out="Name each action that the code calls.",
    ),
    Rule(
        id="TP102",
        name="wildcard resource",
        severity=_ERROR,
        sentence="The statement reaches every table or other resource of the account.",
        why="One component's mistake, or its stolen credentials, then reach the data of all others. Only actions that "
        "name no resource, such as `dynamodb:ListTables`, need `*`.",
        way_out="Name the ARN of each table and index, and give ListTables and its like a statement of their own.",
    ),
    Rule(
        id="TP103",
        name="table name with a wildcard",
        severity=_ERROR,
        sentence="A pattern in the table's name covers tables that nobody thought of, and all their indexes.",
        why="`table/A*` is meant for table A and its indexes, and covers table AB as well. `table/*-dev` covers every "
        "table of the stage, whoever owns it.",
        way_out="Name each table: `table/A` and, where it is queried, `table/A/index/by-date`.",
    ),
    Rule(
        id="TP104",
        name="any region or account",
        severity=_ERROR,
        sentence="A wildcard stands for the region or the account, so that tables elsewhere are covered.",
        why="A table of the same name in another region, or shared from another account, is another table with other "
        "data.",
        way_out="Write the region and the account; name the regions of replicas one by one.",
    ),
    Rule(
        id="TP105",
        name="every index",
        severity=_WARNING,
        sentence="`index/*` covers every index of the table, also those that are added later.",
        why="An index shows the items in another order and under other keys: whoever may query each of them can read "
        "what the access patterns meant to keep apart.",
        way_out="Name the indexes that the access patterns use.",
    ),
    Rule(
        id="TP106",
        name="Allow with NotAction",
        severity=_ERROR,
        sentence="Everything but a few actions is allowed, in every service.",
        why="NotAction is a list of exceptions: all other actions, of services that do not exist yet too, are allowed.",
        way_out="List what is allowed as Action; use NotAction in Deny statements only.",
    ),
    Rule(
        id="TP107",
        name="Allow with NotResource",
        severity=_ERROR,
        sentence="Everything but a few resources is reached.",
        why="NotResource is a list of exceptions: each table that is created later is reached.",
        way_out="List what may be reached as Resource; use NotResource in Deny statements only.",
    ),
    Rule(
        id="TP108",
        name="any principal",
        severity=_ERROR,
        sentence="The resource may be used, or the role taken on, by anybody.",
        why="`*` stands for every account of AWS. Whether a permissions boundary or a session policy then limits "
        "principals of the own account is told nowhere clearly. NotPrincipal in an Allow comes to the same.",
        way_out="Name the roles, or give a condition on `aws:PrincipalOrgID` or `aws:SourceAccount`.",
    ),
    Rule(
        id="TP201",
        name="ghost action",
        severity=_ERROR,
        sentence="The operation has no action of its own in IAM, so that granting it has no effect.",
        why="Transactions need the actions of their parts, PartiQL statements PartiQLSelect, PartiQLInsert, "
        "PartiQLUpdate and PartiQLDelete.",
        way_out="Grant the actions of the parts instead.",
    ),
    Rule(
        id="TP202",
        name="unknown action",
        severity=_ERROR,
        sentence="DynamoDB has no such action, so that naming it has no effect.",
        why="IAM takes any text after the colon. The mistake shows when the code is refused or, in a Deny, never.",
        way_out="Correct the name.",
    ),
    Rule(
        id="TP203",
        name="action on a resource it never acts on",
        severity=_ERROR,
        sentence="The action does not act on this kind of resource, so that granting it there has no effect.",
        why="Of an index there is only Query, Scan and PartiQLSelect: items are written, and got by their keys, "
        "through the table.",
        way_out="Grant item actions on the table's ARN, and Query and Scan on the index's.",
    ),
    Rule(
        id="TP204",
        name="stream action off its stream",
        severity=_ERROR,
        sentence="Stream actions act on the ARN of a stream; on a table or an index they have no effect.",
        why="A stream is `table/NAME/stream/LABEL`, and is no part of `table/NAME`.",
        way_out="Name the stream's ARN, `table/NAME/stream/*` where its label is not known.",
    ),
    Rule(
        id="TP205",
        name="resource for an action that names none",
        severity=_ERROR,
        sentence="The action names no table, so that granting it on one has no effect.",
        why="ListTables, ListStreams, DescribeLimits and their like are about the account.",
        way_out="Grant it on `*`, in a statement of its own.",
    ),
    Rule(
        id="TP206",
        name="unknown condition key",
        severity=_ERROR,
        sentence="No request has this condition key.",
        why="An absent key makes a plain operator fail for ever, and `ForAllValues`, `IfExists` and negated operators "
        "hold for ever: the condition then limits nothing.",
        way_out="Correct the key.",
    ),
    Rule(
        id="TP207",
        name="malformed condition",
        severity=_ERROR,
        sentence="IAM does not know the operator, or cannot read its value, and refuses the whole policy.",
        why="Operators are written `[ForAllValues:|ForAnyValue:]Name[IfExists]`, and Null stands alone.",
        way_out="Correct the condition.",
    ),
    Rule(
        id="TP208",
        name="variable without Version",
        severity=_ERROR,
        sentence="Variables mean something in version 2012-10-17 only; here they are ordinary text.",
        why="A policy without Version is read as 2008-10-17: `${aws:PrincipalTag/tenant}` stays these very characters.",
        way_out='Write "Version": "2012-10-17".',
    ),
    Rule(
        id="TP209",
        name="condition that the action never meets",
        severity=_ERROR,
        sentence="Requests for the action never have the key, so that the statement never applies to it.",
        why="`dynamodb:Select` belongs to reads, `dynamodb:ReturnValues` to writes. A plain operator on an absent key "
        "fails.",
        way_out="Give these actions a statement of their own, or write the operator with IfExists.",
    ),
    Rule(
        id="TP301",
        name="set operator missing",
        severity=_ERROR,
        sentence="The key has several values, and without ForAllValues or ForAnyValue nothing matches it.",
        why="A batch has several leading keys, any request several attributes. An operator without a set operator is "
        "not defined for them, and does not match: the Allow never applies, and neither does the Deny.",
        way_out="Write ForAllValues: before the operator in an Allow, ForAnyValue: in a Deny.",
    ),
    Rule(
        id="TP302",
        name="leading keys for an action without them",
        severity=_ERROR,
        sentence="Requests for the action have no leading key, so that the condition does not limit them.",
        why="ForAllValues holds where there is no value at all. A Scan has no leading keys, nor has a PartiQL SELECT "
        "that binds none, nor a read of a stream: each then gets all of the table.",
        way_out="Keep Scan, PartiQL and stream actions out of the statement, or add "
        '"Null": {"dynamodb:LeadingKeys": "false"}.',
    ),
    Rule(
        id="TP303",
        name="absent key allows",
        severity=_ERROR,
        sentence="ForAllValues holds for a request that has not got the key, so that leaving it out evades the limit.",
        why="`ForAllValues` on `aws:TagKeys` allows requests without tags; on the keys of a principal, principals "
        "without them.",
        way_out='Add "Null": {"<key>": "false"} beside it.',
    ),
    Rule(
        id="TP304",
        name="ForAnyValue with IfExists",
        severity=_WARNING,
        sentence="With IfExists the condition holds where the key is absent, which ForAnyValue alone would refuse.",
        why="The documentation and simulators differ on this pair; here IfExists counts.",
        way_out="Leave IfExists out.",
    ),
    Rule(
        id="TP305",
        name="attributes without their guard",
        severity=_ERROR,
        sentence="The list of attributes is evaded by a request that names none and gets whole items.",
        why="Only names in the request count. A read without a projection names its key alone and returns every "
        "attribute; a write that returns ALL_OLD or ALL_NEW does so too.",
        way_out='For reads add "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}, for writes '
        '"StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]}.',
    ),
    Rule(
        id="TP306",
        name="attributes without the keys",
        severity=_ERROR,
        sentence="The list of attributes leaves out the keys, which every request names, so that all are refused.",
        why="GetItem names the table's key, Query the index's: the list must hold the key attributes of the table and "
        "of all indexes that are used.",
        way_out="Add the key attributes of the table and its indexes to the list.",
    ),
    Rule(
        id="TP307",
        name="attributes for writes of whole items",
        severity=_ERROR,
        sentence="PutItem and DeleteItem change whole items, whatever attributes the request may name.",
        why="A PutItem that names the allowed attributes alone replaces an item and thereby removes all others.",
        way_out="Limit attributes of UpdateItem only.",
    ),
    Rule(
        id="TP308",
        name="tenant without a delimiter",
        severity=_ERROR,
        sentence="The pattern goes on behind the tenant without a delimiter, so that tenant t1 reaches tenant t10.",
        why="`T#${aws:PrincipalTag/tenant}*` covers every tenant whose name begins like the caller's.",
        way_out="Write the exact key with StringEquals, or a delimiter that no tenant's name has: `T#${...}#*`.",
    ),
    Rule(
        id="TP309",
        name="variable in NotResource",
        severity=_ERROR,
        sentence="Where the variable stands for nothing, the exception covers nothing and everything is reached.",
        why="A principal without the tag is the one who gets most.",
        way_out="List what may be reached as Resource.",
    ),
    Rule(
        id="TP310",
        name="BatchWriteItem deletes",
        severity=_WARNING,
        sentence="BatchWriteItem deletes items too, and DeleteItem is not granted.",
        why="One action stands for puts and deletes; no condition tells them apart.",
        way_out="Grant PutItem alone and write items one by one, or grant DeleteItem where deletes are meant.",
    ),
    Rule(
        id="TP311",
        name="condition check missing",
        severity=_ERROR,
        sentence="Transactions that check a condition on another item need ConditionCheckItem, which is not granted.",
        why="ConditionCheckItem is an action of its own: neither GetItem nor the writes contain it.",
        way_out="Grant dynamodb:ConditionCheckItem on the table whose items are checked.",
    ),
    Rule(
        id="TP312",
        name="whole table can be read",
        severity=_INFORMATION,
        sentence="A Scan reads the items of all tenants, and no condition can limit it to some keys.",
        why="What a Scan costs grows with the table, and whoever may scan sees everything in it.",
        way_out="Serve the access pattern with a Query, on an index where it must be; keep Scan for maintenance.",
    ),
    Rule(
        id="TP313",
        name="Deny with ForAllValues",
        severity=_ERROR,
        sentence="The Deny holds only where every value in the request fits, so that one other value evades it.",
        why="A request that names a forbidden attribute beside an allowed one, or a batch with a foreign key beside an "
        "own one, is not denied.",
        way_out="Write ForAnyValue: in a Deny.",
    ),
    Rule(
        id="TP401",
        name="query beside its index",
        severity=_ERROR,
        sentence="Query is granted on the table and the access pattern uses an index, or the reverse.",
        why="A query with IndexName needs Query on the index's ARN alone, one without it on the table's alone.",
        way_out="Grant Query where the access patterns query.",
    ),
    Rule(
        id="TP402",
        name="leading key covers other entities",
        severity=_INFORMATION,
        sentence="The pattern of leading keys also covers partitions of other entities in the table.",
        why="IAM sees partition keys and no sort keys, and `*` crosses delimiters: `ORG#*` covers `ORG#a#USER#b`.",
        way_out="Give the entities partition keys that begin differently where they must be kept apart, or except the "
        "others' with `ForAllValues:StringNotLike`.",
    ),
    Rule(
        id="TP501",
        name="statement without an effect",
        severity=_WARNING,
        sentence="Another statement says as much: this one could be dropped.",
        why="Whoever later narrows one of the two will not change what is allowed. An Allow that a Deny takes back "
        "whole is the same.",
        way_out="Drop the statement.",
    ),
    Rule(
        id="TP502",
        name="policy too large",
        severity=_ERROR,
        sentence="The document is larger than AWS takes.",
        why="Managed policies hold 6,144 characters, inline policies 2,048 of a user, 5,120 of a group, 10,240 of a "
        "role, trust policies 2,048, each without white space; resource policies of DynamoDB 20 KB with it.",
        way_out="Split the policy, or group statements that differ in their resources alone.",
    ),
)

RULES: Mapping[str, Rule] = {rule.id: rule for rule in _RULES}
"""Every rule by its id."""
