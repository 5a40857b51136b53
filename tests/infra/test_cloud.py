"""The templates of infra/: CloudFormation that lints and can be applied, Kubernetes manifests that are whole."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

INFRA = Path(__file__).parents[2] / "infra"
TEMPLATES = [INFRA / "ecs" / "llmops.yaml", INFRA / "lambda" / "llmops.yaml"]
KUBERNETES = INFRA / "kubernetes"
REGION = "eu-central-1"
SECRET_NAME = "llmops"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield


def applied(template: Path, **given: str) -> dict[str, dict[str, Any]]:
    """Resources of the stack by logical id."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = ",".join(
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    )
    secret = boto3.client("secretsmanager").create_secret(
        Name=SECRET_NAME,
        SecretString=json.dumps(
            {"PREFECT_API_AUTH_STRING": "p", "WEAVIATE_API_KEY": "w", "MLFLOW_TRACKING_TOKEN": "m"}
        ),
    )
    known = {
        "Vpc": vpc,
        "PrivateSubnets": subnets,
        "LoadBalancerSubnets": subnets,
        "Secret": secret["ARN"],
        "Image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/llmops:0.1.0",
        "Repository": "arn:aws:ecr:eu-central-1:123456789012:repository/llmops",
        "Certificate": boto3.client("acm").request_certificate(DomainName="llmops.internal")["CertificateArn"],
        "Models": "arn:aws:bedrock:eu-central-1::foundation-model/a,arn:aws:bedrock:eu-central-1::foundation-model/b",
        "PrefectApiUrl": "https://prefect.internal/api",
        "MlflowTrackingUri": "https://mlflow.internal",
        "WeaviateUrl": "https://weaviate.internal",
        "DocumentsBucket": "documents",
        "ApiKeys": "alice=0",
        "SecurityGroup": ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"],
        **given,
    }
    declared = set(loaded(template)["Parameters"])
    parameters = [{"ParameterKey": name, "ParameterValue": known[name]} for name in known if name in declared]
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName="llmops",
        TemplateBody=json.dumps(known_to_moto(template)),
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM"],
    )
    assert client.describe_stacks(StackName="llmops")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    resources = client.describe_stack_resources(StackName="llmops")["StackResources"]
    # moto lists what it cannot make without a name
    return {each["LogicalResourceId"]: each for each in resources if "LogicalResourceId" in each}


def known_to_moto(template: Path) -> dict[str, Any]:
    """The template without functions' addresses, which moto does not know."""
    document = loaded(template)
    resources = document["Resources"]
    addresses = {name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Url"}
    return {
        **document,
        "Resources": {name: each for name, each in resources.items() if name not in addresses},
        "Outputs": {} if addresses else document["Outputs"],
    }


def loaded(template: Path) -> dict[str, Any]:
    """The template as cfn-lint reads it, functions spelt out."""
    from cfnlint.decode import cfn_yaml

    document: dict[str, Any] = cfn_yaml.load(str(template))
    return document


def statements(template: Path, role: str) -> list[dict[str, Any]]:
    """What a role may do."""
    policies = loaded(template)["Resources"][role]["Properties"]["Policies"]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


@pytest.mark.slow
def test_templates_lint() -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), *map(str, TEMPLATES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_ecs_stack_runs_tasks_in_private_that_may_little(aws: None) -> None:
    stack = applied(TEMPLATES[0])
    ecs = boto3.client("ecs")
    for service, task in (("Endpoint", "EndpointTask"), ("Worker", "WorkerTask")):
        definition = ecs.describe_task_definition(taskDefinition=stack[task]["PhysicalResourceId"])["taskDefinition"]
        first = definition["containerDefinitions"][0]
        assert first["readonlyRootFilesystem"] is True
        assert {secret["name"] for secret in first["secrets"]} >= {"PREFECT_API_AUTH_STRING", "WEAVIATE_API_KEY"}
        assert not [each for each in first["environment"] if each["name"].endswith(("KEY", "KEYS", "TOKEN", "STRING"))]
        assert "/health" in " ".join(first["healthCheck"]["command"])
        network = loaded(TEMPLATES[0])["Resources"][service]["Properties"]["NetworkConfiguration"]
        assert network["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    for role in ("ExecutionRole", "EndpointRole", "WorkerRole"):
        assert stack[role]["ResourceStatus"] == "CREATE_COMPLETE"
        for statement in statements(TEMPLATES[0], role):
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            assert not any("*" in action for action in actions)
            assert statement["Resource"] != "*" or actions == ["ecr:GetAuthorizationToken"]


def test_the_ecs_service_scales_on_a_metric_that_the_endpoint_exports() -> None:
    from serving.metrics import Metrics

    resources = loaded(TEMPLATES[0])["Resources"]
    policy = resources["ScalingPolicy"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    metric = policy["CustomizedMetricSpecification"]["MetricName"]
    assert f"# TYPE {metric} gauge" in Metrics().text().decode()
    collector = resources["EndpointTask"]["Properties"]["ContainerDefinitions"][1]["Environment"][0]["Value"]["Fn::Sub"]
    config = yaml.safe_load(collector)
    assert config["exporters"]["awsemf"]["metric_declarations"][0]["metric_name_selectors"] == [metric]
    (summed,) = config["processors"]["metricstransform"]["transforms"]
    assert (summed["include"], summed["operations"][0]["label_set"]) == (metric, [])
    assert config["service"]["pipelines"]["metrics"]["processors"][0] == "metricstransform"
    assert policy["CustomizedMetricSpecification"]["Namespace"] == config["exporters"]["awsemf"]["namespace"]


def test_the_lambda_stack_has_an_address_and_asks_for_keys(aws: None) -> None:
    stack = applied(TEMPLATES[1], Secret=SECRET_NAME)
    function = boto3.client("lambda").get_function(FunctionName=stack["Endpoint"]["PhysicalResourceId"])
    variables = function["Configuration"]["Environment"]["Variables"]
    assert variables["LLMOPS_API_KEYS"] == "alice=0"
    assert variables["LLMOPS_MODEL"] == "rag-assistant"
    body = TEMPLATES[1].read_text()
    assert body.count("{{resolve:secretsmanager:") == 3
    for statement in statements(TEMPLATES[1], "Role"):
        assert statement["Resource"] != "*"


def manifests() -> dict[str, dict[str, Any]]:
    """Every manifest as kind/name."""
    files = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert {*files, "kustomization.yaml"} == {file.name for file in KUBERNETES.glob("*.yaml")}
    found = [each for file in files for each in yaml.safe_load_all((KUBERNETES / file).read_text())]
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in found}


def test_manifests_fit_together() -> None:
    found = manifests()
    labels = found["Deployment/endpoint"]["spec"]["template"]["metadata"]["labels"]
    assert found["Service/endpoint"]["spec"]["selector"].items() <= labels.items()
    assert found["PodDisruptionBudget/endpoint"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    scaler = found["HorizontalPodAutoscaler/endpoint"]["spec"]
    assert f"{scaler['scaleTargetRef']['kind']}/{scaler['scaleTargetRef']['name']}" in found
    assert "replicas" not in found["Deployment/endpoint"]["spec"]
    assert scaler["metrics"][0]["pods"]["metric"]["name"] == "llmops_answers_under_way"
    assert found["PodDisruptionBudget/endpoint"]["spec"]["minAvailable"] < scaler["minReplicas"]


@pytest.mark.parametrize("name", ["endpoint", "worker"])
def test_a_pod_writes_to_its_volumes_only_and_is_watched(name: str) -> None:
    pod = manifests()[f"Deployment/{name}"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert "memory" in container["resources"]["limits"]
    ports = {port["name"] for port in container["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports


@pytest.mark.parametrize("version", ["1.31", "1.37"])
def test_manifests_pass_the_schemas_of_kubernetes(version: str) -> None:
    schemas = pytest.importorskip("kubernetes_validate", reason="`make manifests` fetches it: 108 MB of schemas")
    for manifest in manifests().values():
        schemas.validate(manifest, version, strict=True)
