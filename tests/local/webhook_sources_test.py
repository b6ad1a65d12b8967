"""Where irsa-webhook learns who gets what, beside the accounts' annotations: a ConfigMap, a file of container credentials, and the
instance whose account completes the names of roles."""
import contextlib
import http.server
import json
import os
import threading
import unittest

from support.webhook import identity_of, job_pod
from support.webhook_case import ANNOTATION, ROLE, Case

OTHER = "arn:aws:iam::111122223333:role/other"
NAMESPACE, NAME = "eks", "pod-identity-webhook"


class Sources(Case):
    def role(self, webhook, account, namespace="default"):
        """What a pod of the account gets; None: nothing."""
        return self.identity(webhook, account, namespace)[0].get("AWS_ROLE_ARN")

    def identity(self, webhook, account, namespace="default"):
        return identity_of(webhook.admit(job_pod(account, namespace=namespace), namespace))


class ConfigMap(Sources):
    def say(self, config):
        text = config if isinstance(config, str) else json.dumps(config)
        self.api.write("configmaps", NAMESPACE, NAME, data={"config": text})

    def start_watching(self, *flags, **options):
        return self.start("--watch-config-map", f"--namespace={NAMESPACE}", *flags, **options)

    def test_gives_roles_to_accounts_without_annotation(self):
        self.api.put("default", "b")
        self.api.put("default", "asks", {"eks.amazonaws.com/audience": "theirs"})
        self.api.write("configmaps", NAMESPACE, "another", data={"config": json.dumps({"*/d": {"RoleARN": OTHER}})})
        self.say({"default/a": {"RoleARN": OTHER},
                  "default/b": {"rolearn": OTHER, "AUDIENCE": "x", "UseRegionalSTS": True, "TokenExpiration": 4000, "more": []},
                  "default/asks": {"RoleARN": OTHER}, "*/c": {"RoleARN": OTHER}, "default/c": {}, "*/b": {"RoleARN": ROLE}})
        webhook = self.start_watching("--aws-default-region=eu-west-1")
        self.assertEqual(self.role(webhook, "a"), ROLE)  # an annotation wins
        environment, token = self.identity(webhook, "b")
        self.assertEqual((environment["AWS_ROLE_ARN"], environment["AWS_STS_REGIONAL_ENDPOINTS"]), (OTHER, "regional"))
        self.assertEqual(token, {"audience": "x", "expirationSeconds": 4000, "path": "token"})
        environment, token = self.identity(webhook, "asks")
        self.assertNotIn("AWS_STS_REGIONAL_ENDPOINTS", environment)
        self.assertEqual(token, {"expirationSeconds": 86400, "path": "token"})
        self.assertEqual([self.role(webhook, "c", namespace) for namespace in ("default", "elsewhere")], [None, OTHER])
        self.assertIsNone(self.role(webhook, "d"))
        self.must(lambda: "configMap" in webhook.log())

    def test_B08_is_followed_and_what_is_wrong_in_it_costs_nothing_else(self):
        webhook = self.start_watching()
        self.assertIsNone(self.role(webhook, "b"))
        self.say('{"nobody": {"RoleARN": "x"}, "default/n": null, "default/t": {"RoleARN": 7}, "default/l": [],'
                 f' "default/b": {{"RoleARN": "{ROLE}"}}, "default/b": {{"RoleARN": "{OTHER}"}}}}')
        self.must(lambda: self.role(webhook, "b") == OTHER)
        for key in ('"nobody"', '"default/n"', '"default/t"', '"default/l"'):
            self.must(lambda: key.replace('"', "") in webhook.log(), why=key)
        for broken in ("", "{", "[]", "7", '{"default/b": {"RoleARN": "x"}'):
            said = webhook.log().count("failed to unmarshal new config")
            self.say(broken)
            self.must(lambda: webhook.log().count("failed to unmarshal new config") > said)
            self.assertEqual(self.role(webhook, "b"), OTHER)
        self.say({f"default/many-{number}": {"RoleARN": f"{ROLE}-{number}"} for number in range(10_000)})  # most of a megabyte
        self.must(lambda: self.role(webhook, "many-9999") == f"{ROLE}-9999")
        self.assertIsNone(self.role(webhook, "b"))
        self.api.remove("configmaps", NAMESPACE, NAME)
        self.must(lambda: self.role(webhook, "many-9999") is None)
        self.say({"default/b": {"RoleARN": ROLE}})
        self.must(lambda: self.role(webhook, "b") == ROLE)
        self.assertIsNone(webhook.process.poll())

    def test_A01_is_waited_for_and_A02_its_refusal_is_said(self):
        refusal = self.api.fail(path="/configmaps", status=403)
        self.api.put("default", "b")
        self.say({"default/b": {"RoleARN": ROLE}})
        webhook = self.start_watching(waits="alive")
        self.must(lambda: "403" in webhook.log())
        self.assertFalse(webhook.ready())
        self.must(lambda: self.post(webhook, "a")[0] == 200)  # an annotation needs no ConfigMap
        self.assertEqual([self.post(webhook, account)[0] for account in ("b", "missing")], [500, 500])
        self.api.lift(refusal)
        self.must(webhook.ready)
        self.assertEqual(self.role(webhook, "b"), ROLE)

    def test_W01_is_listed_again_after_410(self):
        self.say({"default/b": {"RoleARN": ROLE}})
        webhook = self.start_watching()
        self.api.forget()
        self.api.end_watches()
        self.must(lambda: len([call for call in self.api.called(path="/configmaps") if not call.is_watch]) > 1)
        self.say({"default/b": {"RoleARN": OTHER}})
        self.must(lambda: self.role(webhook, "b") == OTHER)


class ContainerCredentials(Sources):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "mounted" / "identities.json"
        self.file.parent.mkdir()

    def start_with_file(self, *flags):
        return self.start(f"--watch-container-credentials-config={self.file}", *flags)

    def content(self, *accounts):
        return json.dumps({"identities": [{"namespace": "default", "serviceAccount": account} for account in accounts]})

    def has(self, webhook, account):
        return "AWS_CONTAINER_CREDENTIALS_FULL_URI" in self.identity(webhook, account)[0]

    def test_are_given_to_whom_the_file_lists_even_if_there_is_a_role(self):
        self.file.write_text(self.content("a"))
        webhook = self.start_with_file("--container-credentials-audience=ours", "--container-credentials-token-path=file",
                                       "--container-credentials-token-volume-name=volume",
                                       "--container-credentials-token-mount-path=/var/run/ours",
                                       "--container-credentials-full-uri=http://[fd00:ec2::23]/v1/credentials")
        self.must(lambda: self.has(webhook, "a"))
        expirations = set()
        for _ in range(10):
            pod = webhook.admit(job_pod("a"))
            token = pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]
            expirations.add(token.pop("expirationSeconds"))
        self.assertEqual((pod["spec"]["volumes"][0]["name"], token), ("volume", {"audience": "ours", "path": "file"}))
        self.assertTrue(all(79_200 <= seconds <= 86_400 for seconds in expirations), expirations)
        self.assertGreater(len(expirations), 5)  # spread, lest all renew at once
        self.assertEqual(pod["metadata"]["labels"]["eks.amazonaws.com/pod-identity"], "enabled")
        self.assertEqual(identity_of(pod)[0], {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/v1/credentials",
                                               "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/var/run/ours/file"})
        self.assertEqual(webhook.metric("pod_identity_webhook_pod_count"), 11)
        self.assertEqual(self.role(webhook, "missing"), None)

    def test_come_and_go_with_the_file_however_it_is_written(self):
        webhook = self.start_with_file()
        self.assertFalse(self.has(webhook, "a"))  # no file, no list

        def rename(text):
            new = self.file.with_suffix(".new")
            new.write_text(text)
            new.replace(self.file)

        def swap(text):  # as kubelet replaces what a ConfigMap is mounted as
            folder = self.file.parent / f"..{abs(hash(text))}"
            folder.mkdir()
            (folder / self.file.name).write_text(text)
            link = self.file.parent / "..data"
            os.symlink(folder.name, f"{link}_tmp")
            os.replace(f"{link}_tmp", link)
            if not self.file.is_symlink():
                os.symlink(f"..data/{self.file.name}", f"{self.file}.link")
                os.replace(f"{self.file}.link", self.file)

        for write in (self.file.write_text, rename, swap, swap):
            account = f"of-{write.__name__}-{len(list(self.file.parent.iterdir()))}"
            write(self.content("b", account))
            self.must(lambda: self.has(webhook, account))
            self.assertTrue(self.has(webhook, "b"))
        self.file.unlink()
        self.must(lambda: not self.has(webhook, "b"))
        self.assertEqual(self.role(webhook, "a"), ROLE)

    def test_stay_as_they_are_while_the_file_is_broken_and_that_is_said_once(self):
        self.file.write_text(self.content("b"))
        webhook = self.start_with_file()
        self.must(lambda: self.has(webhook, "b"))
        said = "the container credentials' file is not used"
        for number, broken in enumerate(("{", "[]", '{"identities": {}}', '{"identities": [{"namespace": 7}]}', "\0")):
            self.file.write_text(broken)
            self.must(lambda: webhook.log().count(said) > number, why=broken)
            self.assertTrue(self.has(webhook, "b"))
        self.file.write_text(self.content("c"))
        self.must(lambda: self.has(webhook, "c"))
        self.assertFalse(self.has(webhook, "b"))
        for number in (6, 7):  # it is said again when it was right in between, be it as before
            self.file.write_text("{")
            self.must(lambda: webhook.log().count(said) == number)
            self.file.write_text(self.content("c"))
            self.must(lambda: webhook.log().count("is as it was before") == number - 5)


class Metadata:
    """EC2's instance metadata service, version 2 only. `document`: None answers 500; `calls`: paths as they came."""

    def __init__(self, document):
        self.document, self.calls = document, []

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_PUT(self):
                self.give(200 if self.path == "/latest/api/token" and
                          int(self.headers["X-aws-ec2-metadata-token-ttl-seconds"]) > 0 else 400, "a-token")

            def do_GET(self):
                known = self.path == "/latest/dynamic/instance-identity/document"
                allowed = self.headers["X-aws-ec2-metadata-token"] == "a-token"
                status = 401 if not allowed else 404 if not known else 500 if outer.document is None else 200
                self.give(status, outer.document or "")

            def give(self, status, text):
                outer.calls.append(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{self.server.server_address[1]}"}
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class ComposedRoles(Sources):
    def role_of(self, annotation, *flags, **options):
        self.api.put("default", "named", {ANNOTATION: annotation})
        return self.role(self.start(*flags, **options), "named")

    def test_take_account_and_partition_from_the_instance(self):
        for region, partition in (("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"),
                                  ("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"), ("eusc-de-east-1", "aws-eusc")):
            with Metadata(json.dumps({"accountId": "444455556666", "region": region, "more": [{}]})) as metadata:
                self.assertEqual(self.role_of("team/app", "--compose-role-arn", env=metadata.environment),
                                 f"arn:{partition}:iam::444455556666:role/team/app")
                self.assertEqual(metadata.calls, ["/latest/api/token", "/latest/dynamic/instance-identity/document"])

    def test_leave_whole_arns_alone_and_need_no_instance_when_the_account_is_given(self):
        with Metadata(None) as metadata:
            flags = "--compose-role-arn", "--compose-role-arn-account=444455556666", "--compose-role-arn-partition=aws-cn"
            self.assertEqual(self.role_of("app", *flags, env=metadata.environment), "arn:aws-cn:iam::444455556666:role/app")
            self.assertEqual(self.role_of(ROLE, *flags, env=metadata.environment, name="second"), ROLE)
            self.assertEqual(metadata.calls, [])
        self.assertEqual(self.role_of("app", name="third"), "app")  # without the flag nothing is completed

    def test_end_the_program_when_there_is_no_instance_and_say_what_to_do(self):
        closed = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"}
        with contextlib.ExitStack() as stack:
            services = [stack.enter_context(Metadata(document)) for document in (None, "{}", "no document")]
            good = stack.enter_context(Metadata(json.dumps({"accountId": "444455556666", "region": "eu-west-1"})))
            disabled = [{**good.environment, "AWS_EC2_METADATA_DISABLED": word} for word in ("true", "True")]  # in any case, to AWS's SDKs
            for environment in (closed, *disabled, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "x"},
                                *(service.environment for service in services)):
                webhook = self.start("--compose-role-arn", waits=None, env=environment)
                self.assertEqual(webhook.process.wait(20), 255, environment)
                self.assertIn("--compose-role-arn-account=ACCOUNT", webhook.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
