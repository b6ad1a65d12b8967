"""AdmissionReviews as kube-apiserver sends them: compact JSON in Go's field order, a Deployment's pod after the API
server's own admission. review(1, 4, 5) is the 5.3 KB one of the tables."""


def container(index, settings):
    mounts = [{"name": "config", "readOnly": True, "mountPath": "/etc/payments"}, {"name": "tmp", "mountPath": "/tmp"},
              {"name": "kube-api-access-7x2lp", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]
    own = [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
           {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}},
           {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "payments-db", "key": "password"}}}]

    def probe(path, period):
        return {"httpGet": {"path": path, "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": period,
                "successThreshold": 1, "failureThreshold": 3}

    return {
        "name": f"app{index}" if index else "api",
        "image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/payments/api:v1.{index}.0-3-gdeadbee",
        "args": ["--listen=:8080", "--log.format=json", "--log.level=info"],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"},
                  {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}],
        "env": own + [{"name": f"APP_SETTING_{i}",
                       "value": f"value \"{i}\" = http://svc-{i}.payments.svc.cluster.local:8080/path"} for i in range(settings)],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "250m", "memory": "256Mi"}},
        "volumeMounts": mounts, "livenessProbe": {**probe("/healthz", 10), "initialDelaySeconds": 10},
        "readinessProbe": probe("/readyz", 5),
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "readOnlyRootFilesystem": True,
                            "allowPrivilegeEscalation": False, "seccompProfile": {"type": "RuntimeDefault"}}}


def managed_fields(containers, variables):
    def of(one):
        env = {f'k:{{"name":"{e["name"]}"}}': {".": {}, "f:name": {}, "f:value": {}} for e in one["env"][:variables]}
        return {".": {}, "f:args": {}, "f:env": {".": {}, **env}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {},
                "f:resources": {".": {}, "f:limits": {".": {}, "f:cpu": {}, "f:memory": {}}}}

    return {"f:metadata": {"f:annotations": {".": {}, "f:prometheus.io/scrape": {}}, "f:generateName": {},
                           "f:labels": {".": {}, "f:app.kubernetes.io/name": {}, "f:pod-template-hash": {}},
                           "f:ownerReferences": {".": {}, 'k:{"uid":"3a0ddc14-3f7a-4a5b-8a58-2f4b6d9f7b11"}': {}}},
            "f:spec": {"f:containers": {f'k:{{"name":"{c["name"]}"}}': of(c) for c in containers}, "f:dnsPolicy": {},
                       "f:restartPolicy": {}, "f:schedulerName": {}, "f:serviceAccount": {}, "f:serviceAccountName": {}}}


def pod(containers, variables):
    token = [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
             {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
             {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}]

    def toleration(key):
        return {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}

    return {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            "generateName": "payments-api-6b7f9d5c4b-", "namespace": "payments", "creationTimestamp": None,
            "labels": {"app.kubernetes.io/name": "payments-api", "app.kubernetes.io/part-of": "payments",
                       "pod-template-hash": "6b7f9d5c4b"},
            "annotations": {"prometheus.io/scrape": "true",
                            "checksum/config": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "payments-api-6b7f9d5c4b",
                                 "uid": "3a0ddc14-3f7a-4a5b-8a58-2f4b6d9f7b11", "controller": True, "blockOwnerDeletion": True}],
            "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
                               "time": "2026-07-24T14:05:30Z", "fieldsType": "FieldsV1",
                               "fieldsV1": managed_fields(containers, variables)}]},
        "spec": {
            "volumes": [{"name": "config", "configMap": {"name": "payments-api", "defaultMode": 420}}, {"name": "tmp", "emptyDir": {}},
                        {"name": "kube-api-access-7x2lp", "projected": {"sources": token, "defaultMode": 420}}],
            "containers": containers, "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "payments-api", "serviceAccount": "payments-api", "securityContext": {"fsGroup": 65534},
            "schedulerName": "default-scheduler", "tolerations": [toleration("not-ready"), toleration("unreachable")],
            "priority": 0, "enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority"},
        "status": {}}


def review(containers, settings, variables):
    kind, resource = {"group": "", "version": "v1", "kind": "Pod"}, {"group": "", "version": "v1", "resource": "pods"}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "resource": resource, "requestKind": kind,
        "requestResource": resource, "namespace": "payments", "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller",
                     "uid": "1b2c3d4e-0000-4000-8000-000000000001",
                     "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"]},
        "object": pod([container(i, settings) for i in range(containers)], variables), "oldObject": None, "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}}}
