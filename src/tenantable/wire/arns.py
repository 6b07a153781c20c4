"""Amazon Resource Names: of tables and what hangs on them, and of the other resources of a system."""

from dataclasses import dataclass

from tenantable.wire.errors import validation_error


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """The account and region that tables live in. Locally an invented pair, the same everywhere."""

    account_id: str = "000000000000"
    region: str = "us-east-1"

    def table(self, table_name: str) -> str:
        return f"arn:aws:dynamodb:{self.region}:{self.account_id}:table/{table_name}"

    def index(self, table_name: str, index_name: str) -> str:
        return f"{self.table(table_name)}/index/{index_name}"

    def stream(self, table_name: str, label: str) -> str:
        return f"{self.table(table_name)}/stream/{label}"

    def kms_key(self, name: str) -> str:
        """A key of the account; `name` is `key/ID` or `alias/NAME`."""
        return f"arn:aws:kms:{self.region}:{self.account_id}:{name}"

    def backup(self, table_name: str, identifier: str) -> str:
        return f"{self.table(table_name)}/backup/{identifier}"

    def export(self, table_name: str, identifier: str) -> str:
        return f"{self.table(table_name)}/export/{identifier}"

    def import_(self, table_name: str, identifier: str) -> str:
        return f"{self.table(table_name)}/import/{identifier}"

    def queue(self, name: str) -> str:
        return f"arn:aws:sqs:{self.region}:{self.account_id}:{name}"

    def parameter(self, name: str) -> str:
        """A parameter, or a path of them; of a name that begins with a slash, that slash is the one in the ARN."""
        return f"arn:aws:ssm:{self.region}:{self.account_id}:parameter/{name.removeprefix('/')}"

    def bucket(self, name: str) -> str:
        """A bucket's ARN names no account: bucket names are unique."""
        return f"arn:aws:s3:::{name}"

    def object(self, bucket: str, key: str) -> str:
        return f"{self.bucket(bucket)}/{key}"

    def event_bus(self, name: str) -> str:
        return f"arn:aws:events:{self.region}:{self.account_id}:event-bus/{name}"

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.account_id}:role/{name}"

    def stack(self, name: str) -> str:
        """The stacks of one name, whose ARNs end with an id of each; `name` may end with `*`."""
        return f"arn:aws:cloudformation:{self.region}:{self.account_id}:stack/{name}/*"

    def every_table(self) -> str:
        """The resource of operations that name no table, such as ListTables."""
        return self.table("*")


def table_name_of(name_or_arn: str) -> str:
    """A request names a table by its name or by its ARN; both give the name."""
    if not name_or_arn.startswith("arn:"):
        return name_or_arn
    parts = name_or_arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "dynamodb" or not parts[5].startswith("table/"):
        raise validation_error(f"Invalid table ARN: {name_or_arn}")
    return parts[5].split("/")[1]


def table_beside(arn: str, kind: str) -> str | None:
    """The table's name in the ARN of a `backup`, `export` or `import`; None when it is no ARN of that kind."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "dynamodb":
        return None
    names = parts[5].split("/")
    return names[1] if len(names) == 4 and names[0] == "table" and names[2] == kind else None


def stream_of_iterator(shard_iterator: str) -> str:
    """The ARN of the stream that a shard iterator reads, which it begins with; any text when it is no iterator."""
    return shard_iterator.partition("|")[0]
