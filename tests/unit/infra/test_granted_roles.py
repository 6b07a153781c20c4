"""Grants on roles of the same system: what is generated names the role that it makes itself."""

from tenantable.declare import Component, System, Table, allow_resource
from tenantable.infra.cloudformation.files import system_file, template_files
from tenantable.infra.normal.templates import parse_template
from tenantable.infra.terraform.module import terraform_module

VENDOR = Component("vendor", grants=[allow_resource("sts", "AssumeRole", resource="shop-reader")])
SHOP = System(name="shop", tables=[Table("orders")], components=[VENDOR, Component("reader")])


def test_a_module_refers_to_the_role() -> None:
    text = terraform_module(SHOP)["iam.tf"]
    assert "Resource = aws_iam_role.reader.arn" in text
    assert "000000000000" not in text


def test_a_template_refers_to_the_role() -> None:
    template = parse_template(template_files(SHOP, SHOP.naming("dev"))[system_file(SHOP)])
    (statement,) = template["Resources"]["VendorPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == {"Fn::GetAtt": "ReaderRole.Arn"}
