"""SSM as the endpoint has it: the parameter store."""

from tenantable.aws.calls import Action, Service
from tenantable.aws.ssm import parameters

_ON_PARAMETERS = {
    "PutParameter": parameters.put_parameter,
    "GetParameter": parameters.get_parameter,
    "GetParametersByPath": parameters.get_parameters_by_path,
    "GetParameterHistory": parameters.get_parameter_history,
    "DeleteParameter": parameters.delete_parameter,
    "AddTagsToResource": parameters.add_parameter_tags,
    "RemoveTagsFromResource": parameters.remove_parameter_tags,
    "ListTagsForResource": parameters.list_parameter_tags,
}

SSM = Service(
    name="ssm",
    signing_name="ssm",
    protocols=("json",),
    target="AmazonSSM",
    actions={
        **{name: Action(run=run, resource=parameters.parameter_arn) for name, run in _ON_PARAMETERS.items()},
        "GetParameters": Action(run=parameters.get_parameters, resource=parameters.parameter_arns),
        "DeleteParameters": Action(run=parameters.delete_parameters, resource=parameters.parameter_arns),
        "DescribeParameters": Action(run=parameters.describe_parameters),
    },
)
