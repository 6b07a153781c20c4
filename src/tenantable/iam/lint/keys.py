"""
The condition keys that a statement on DynamoDB may use.

Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference.
"""

import difflib

_DYNAMODB = (
    "dynamodb:Attributes dynamodb:EnclosingOperation dynamodb:FirstPartitionKeyValues dynamodb:FisActionId "
    "dynamodb:FisTargetArns dynamodb:FourthPartitionKeyValues dynamodb:FullTableScan dynamodb:LeadingKeys "
    "dynamodb:ReturnConsumedCapacity dynamodb:ReturnValues dynamodb:SecondPartitionKeyValues dynamodb:Select "
    "dynamodb:ThirdPartitionKeyValues"
).split()
_GLOBAL = (
    "aws:AssumedRoot aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:ChatbotSourceArn aws:CurrentTime "
    "aws:Ec2InstanceSourcePrivateIPv4 aws:Ec2InstanceSourceVpc aws:EpochTime aws:FederatedProvider "
    "aws:MultiFactorAuthAge aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn "
    "aws:PrincipalIsAWSService aws:PrincipalOrgID aws:PrincipalOrgPaths aws:PrincipalServiceName "
    "aws:PrincipalServiceNamesList aws:PrincipalType aws:Referer aws:RequestedRegion aws:ResourceAccount "
    "aws:ResourceOrgID aws:ResourceOrgPaths aws:SecureTransport aws:SourceAccount aws:SourceArn aws:SourceIdentity "
    "aws:SourceIp aws:SourceOrgID aws:SourceOrgPaths aws:SourceOwner aws:SourceVpc aws:SourceVpcArn aws:SourceVpce "
    "aws:TagKeys aws:TokenIssueTime aws:UserAgent aws:userid aws:username aws:ViaAWSService aws:VpceAccount "
    "aws:VpceOrgID aws:VpceOrgPaths aws:VpcSourceIp ec2:SourceInstanceArn ec2:RoleDelivery lambda:SourceFunctionArn "
    "identitystore:UserId sts:SourceIdentity"
).split()
_TAGGED = ("aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/")
_FEDERATED = (
    "accounts.google.com:",
    "cognito-identity.amazonaws.com:",
    "graph.facebook.com:",
    "saml:",
    "sts:",
    "www.amazon.com:",
)
"""Of identities from elsewhere, keys remain with the session: `www.amazon.com:user_id` is one that guides use."""
_BY_LOWER = {key.lower(): key for key in (*_DYNAMODB, *_GLOBAL)}


def is_known(key: str) -> bool:
    """Whether requests to DynamoDB may have this key, in whatever case it is written."""
    lower = key.lower()
    if lower in _BY_LOWER or lower.startswith(_FEDERATED):
        return True
    return any(lower.startswith(prefix.lower()) and len(lower) > len(prefix) for prefix in _TAGGED)


def usual_spelling(key: str) -> str:
    """The key as AWS writes it, from any case; an unknown one as it is."""
    lower = key.lower()
    for prefix in _TAGGED:
        if lower.startswith(prefix.lower()):
            return prefix + key[len(prefix) :]
    return _BY_LOWER.get(lower, key)


def nearest_key(key: str) -> str | None:
    """The key that was probably meant."""
    lower = key.lower()
    for prefix in _TAGGED:
        name, slash, tag = key.partition("/")
        if slash and tag and difflib.SequenceMatcher(None, name.lower(), prefix[:-1].lower()).ratio() > 0.8:
            return prefix + tag
    bare = {known.partition(":")[2]: known for known in _BY_LOWER if known.startswith("dynamodb:")}
    found = difflib.get_close_matches(lower, _BY_LOWER, n=1, cutoff=0.75)
    if found:
        return _BY_LOWER[found[0]]
    found = difflib.get_close_matches(lower.rpartition(":")[2].replace("-", ""), bare, n=1, cutoff=0.75)
    return _BY_LOWER[bare[found[0]]] if found else None
