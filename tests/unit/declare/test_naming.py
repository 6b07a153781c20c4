import pytest

from tenantable.declare.naming import Naming
from tenantable.errors import DeclarationError

PROJECT = {"project": "bbws-access", "stage": "dev"}


def test_a_table_and_its_indexes_follow_the_style() -> None:
    naming = Naming(table="{project}-{stage}-ddb-{table}", index="{table}-{index}", values=PROJECT)
    table = naming.table_name("access-management")
    assert table == "bbws-access-dev-ddb-access-management"
    assert naming.index_name(table, "gsi1") == "bbws-access-dev-ddb-access-management-gsi1"


def test_a_table_may_be_an_exception() -> None:
    naming = Naming(table="{table}{stage}", values={"stage": "dev"}, exceptions={"students": "{table}-{stage}"})
    assert [naming.table_name(name) for name in ("profiles", "students")] == ["profilesdev", "students-dev"]


def test_a_tenant_may_have_a_table_of_its_own() -> None:
    naming = Naming(dedicated="app-{stage}-account-{tenant}", values={"stage": "prod"})
    assert naming.dedicated_name("accounts", "42") == "app-prod-account-42"


def test_without_a_style_for_dedicated_tables_there_are_none() -> None:
    with pytest.raises(DeclarationError, match="no style is declared"):
        Naming().dedicated_name("accounts", "42")


def test_other_resources_have_a_style_too() -> None:
    assert Naming(resource="{stage}/{resource}", values={"stage": "dev"}).resource_name("dlq") == "dev/dlq"


def test_every_unknown_placeholder_is_reported_at_once() -> None:
    with pytest.raises(DeclarationError) as raised:
        Naming(table="{stage}-{table}", index="{tabel}", dedicated="{}")
    assert [fault.place for fault in raised.value.faults] == ["Naming.table", "Naming.index", "Naming.dedicated"]


def test_a_name_that_dynamodb_would_refuse_is_refused_here() -> None:
    with pytest.raises(DeclarationError, match="'a b' is not allowed"):
        Naming(table="{table}").table_name("a b")


def test_broken_braces_are_reported() -> None:
    with pytest.raises(DeclarationError, match="is no style"):
        Naming(table="{table")


@pytest.mark.parametrize("name", ["Upper", "ab", "under_score", "-end", "end-", "a..b", "10.0.0.1", "xn--a", "a/b"])
def test_a_bucket_that_s3_would_refuse_is_refused_here(name: str) -> None:
    with pytest.raises(DeclarationError, match="S3 takes no bucket named"):
        Naming().bucket_name(name)


def test_a_bucket_has_at_most_63_characters() -> None:
    naming = Naming(resource="{project}-{resource}", values={"project": "p" * 57})
    assert len(naming.bucket_name("audit")) == 63
    with pytest.raises(DeclarationError, match="has 64 characters, and S3 takes at most 63"):
        naming.bucket_name("audits")
