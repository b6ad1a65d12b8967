"""Pods as nobody writes them: everything that a credentials webhook reads, in every state that Kubernetes' own types can decode."""
import json

ACCOUNTS = {  # of the namespace `team`; None: the account does not exist
    "role": {"role-arn": "arn:aws:iam::111122223333:role/s3-echoer"},
    "path": {"role-arn": "arn:aws-cn:iam::111122223333:role/team/a+b=c,d.e@f_g-h"},
    "bad-arn": {"role-arn": "arn:aws:iam::1:user/<a&b>"},
    "name-only": {"role-arn": "s3-echoer"},
    "empty": {"role-arn": ""},
    "no-role": {"audience": "ours", "token-expiration": "4000"},
    "audience": {"role-arn": "arn:aws:iam::111122223333:role/r", "audience": "vault"},
    "no-audience": {"role-arn": "arn:aws:iam::111122223333:role/r", "audience": ""},
    "regional": {"role-arn": "arn:aws:iam::111122223333:role/r", "sts-regional-endpoints": "true"},
    "global": {"role-arn": "arn:aws:iam::111122223333:role/r", "sts-regional-endpoints": "F"},
    "maybe": {"role-arn": "arn:aws:iam::111122223333:role/r", "sts-regional-endpoints": "yes"},
    "short": {"role-arn": "arn:aws:iam::111122223333:role/r", "token-expiration": "5"},
    "long": {"role-arn": "arn:aws:iam::111122223333:role/r", "token-expiration": "172800"},
    "odd": {"role-arn": "arn:aws:iam::111122223333:role/r", "token-expiration": "+700"},
    "wrong": {"role-arn": "arn:aws:iam::111122223333:role/r", "token-expiration": "1e3"},
    "skips": {"role-arn": "arn:aws:iam::111122223333:role/r", "skip-containers": "a,b"},
    "plain": {},
    "mapped": {},
    "identity": {"role-arn": "arn:aws:iam::111122223333:role/r", "token-expiration": "3600"},
    "unknown": None,
}
MAPPING = {"team/mapped": {"RoleARN": "arn:aws:iam::111122223333:role/mapped", "TokenExpiration": 5, "UseRegionalSTS": True},
           "team/plain": {"Audience": "ours"}, "*/plain": {"RoleARN": "arn:aws:iam::111122223333:role/nobody"},
           "*/unknown": {"rolearn": "arn:aws:iam::111122223333:role/wild", "Audience": "wild"}}
IDENTITIES = {"identities": [{"namespace": "team", "serviceAccount": "identity"}, {"namespace": "team", "serviceAccount": "plain"}]}

NAMES = ["a", "b", "c", " b", "é", "a,b", "'c'", ""]
VARIABLES = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_STS_REGIONAL_ENDPOINTS",
             "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
             "aws_region", "PATH", ""]
PLACES = ["/var/run/secrets/eks.amazonaws.com/serviceaccount", "/var/run/secrets/eks.amazonaws.com/serviceaccount/",
          "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount", "/data", ""]
VOLUMES = ["aws-iam-token", "eks-pod-identity-token", "kube-api-access-x", "data"]
SKIPS = ["a", "a,b", "a, b", "\"a,b\",c", "'c'", "a\nb", "\na", "\"a", "a\"b", "", ",", "nobody", "\"a\"\"b\",a", "é", "a,\r\nb"]
EXPIRATIONS = ["3600", "599", "-1", "86400", "172800", "+700", "007000", " 3600", "1e3", "0x10", "9223372036854775808", ""]


def _some(random, make, most):
    return [make(random) for _ in range(random.randrange(most + 1))]


def _variable(random):
    if random.random() < 0.04:
        return None
    variable = {"name": random.choice(VARIABLES)}
    kind = random.randrange(4)
    if kind == 0:
        variable["value"] = random.choice(["", "x", "<&>\u2028", "eu-west-1"])
    elif kind == 1:
        variable["valueFrom"] = {"fieldRef": {"fieldPath": "metadata.name"}}
    return variable


def _mount(random):
    if random.random() < 0.04:
        return None
    return {"name": random.choice(VOLUMES), "mountPath": random.choice(PLACES), **({"readOnly": True} if random.random() < 0.5 else {})}


def _container(random):
    if random.random() < 0.03:
        return None
    container = {"name": random.choice(NAMES), "image": "i"}
    for key, make, most in (("env", _variable, 5), ("volumeMounts", _mount, 3)):
        state = random.randrange(6)
        if state == 0:
            container[key] = None
        elif state > 1:
            container[key] = _some(random, make, most)
    if random.random() < 0.2:
        container["envFrom"] = [{"configMapRef": {"name": "AWS_ROLE_ARN"}}]
    if random.random() < 0.2:
        container["restartPolicy"] = "Always"
    return container


def _volume(random):
    if random.random() < 0.04:
        return None
    name = random.choice(VOLUMES)
    return {"name": name, **random.choice([{"emptyDir": {}}, {"projected": {"sources": None}}, {"projected": None}, {}])}


def _metadata(random):
    metadata = {"name": "p", "namespace": random.choice(["team", "elsewhere"])}
    annotations = {}
    if random.random() < 0.4:
        annotations["eks.amazonaws.com/skip-containers"] = random.choice(SKIPS)
    if random.random() < 0.4:
        annotations["eks.amazonaws.com/token-expiration"] = random.choice(EXPIRATIONS)
    if random.random() < 0.2:
        annotations["eks.amazonaws.com/role-arn"] = "arn:aws:iam::111122223333:role/of-the-pod"
    if annotations or random.random() < 0.3:
        metadata["annotations"] = annotations or random.choice([None, {}])
    if random.random() < 0.6:
        metadata["labels"] = random.choice([None, {}, {"app": "x"}, {"eks.amazonaws.com/pod-identity": "y", "app": "x"}])
    return metadata


def random_pod(random):
    """A pod of one of ACCOUNTS, mostly."""
    spec = {"containers": _some(random, _container, 3)}
    if random.random() < 0.05:
        spec["containers"] = None
    if random.random() < 0.5:
        spec["initContainers"] = random.choice([None, [], _some(random, _container, 2)])
    if random.random() < 0.7:
        spec["volumes"] = random.choice([None, [], _some(random, _volume, 3), _some(random, _volume, 3)])
    if random.random() < 0.2:
        spec["nodeSelector"] = random.choice([None, {"kubernetes.io/os": "windows"}, {"beta.kubernetes.io/os": "windows"},
                                              {"kubernetes.io/os": "Windows"}, {"kubernetes.io/os": "linux"}])
    if random.random() < 0.97:
        spec["serviceAccountName"] = random.choice(list(ACCOUNTS))
    if random.random() < 0.1:
        spec["serviceAccount"] = "role"
    return json.loads(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": _metadata(random), "spec": spec}))
