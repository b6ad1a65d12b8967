"""The table of policy decisions against another implementation: npm's @cloud-copilot/iam-simulate, as a process.

Every case that our unit tests decide is put to it. It must agree, but for the differences in tests/npm/differences.json, each
with AWS's sentence that decides it; a listed difference that is none any more fails as well."""
import json
import os
import pathlib
import re
import subprocess
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
PROVIDER = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/clusters/one"
ACTION = "sts:AssumeRoleWithWebIdentity"
CONTEXT = {"oidc.example.com/clusters/one:sub": ["system:serviceaccount:default:s3-echoer"]}
# It knows context keys by name and drops others, so ours become some of its own: a single text, number or list.
SINGLE = [(r'(?i)"oidc\.example\.com/clusters/one:(sub|aud)"', r'"accounts.google.com:\1"'), ("sts:DurationSeconds", "aws:MultiFactorAuthAge"),
          (r"aws:(Star|Yes|Q|N|none|Literal|x|blob)\b", r"aws:RequestTag/\1")]
LIST = "aws:TagKeys"


def keys_with_lists(case):
    asked = {key for op, keys in case.get("condition", {}).items() if op.startswith("For") for key in keys}
    return asked | {key for key, values in case.get("context", {}).items() if len(values) > 1}


def renamed(document, lists):
    text = json.dumps(document)
    for key in sorted(lists | {"oidc.example.com/clusters/one:amr", "aws:Two"}):
        text = re.sub(rf'"{re.escape(key)}"', f'"{LIST}"', text, flags=re.IGNORECASE).replace("${" + key + "}", "${" + LIST + "}")
    for pattern, replacement in SINGLE:
        text = re.sub(pattern, replacement, text)
    return json.loads(text)


def question(case):
    statements = case.get("statements") or [{"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": ACTION,
                                             "Condition": case["condition"]}]
    version = case.get("version", "2012-10-17")
    policy = ({"Version": version} if version else {}) | {"Statement": statements}
    context = {key: values[0] if len(values) == 1 else values for key, values in case.get("context", CONTEXT).items()}
    lists = keys_with_lists(case)
    return {"policy": renamed(policy, lists), "principal": PROVIDER, "action": case.get("action", ACTION),
            "context": renamed(context, lists)}


class PolicyPeer(unittest.TestCase):
    def test_agrees_but_for_the_listed_differences(self):
        cases = [json.loads(line) for line in (TESTS / "policy/cases.jsonl").read_text().splitlines()]
        # It does not judge whether a document is well-formed.
        cases = [case for case in cases if case["expected"] != "malformed"]
        questions = "".join(json.dumps(question(case)) + "\n" for case in cases)
        packages = os.environ["NODE_PACKAGES"]
        done = subprocess.run([os.path.join(packages, "bin/node"), TESTS / "npm/iam_simulate.mjs", packages], input=questions, text=True,
                              capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, f"node and npm are needed: script/bootstrap test\n{done.stderr}")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), len(cases))
        differing = {case["name"]: (case["expected"], answer) for case, answer in zip(cases, answers)
                     if answer["verdict"] != case["expected"]}

        listed = json.loads((TESTS / "npm/differences.json").read_text())
        for difference in listed:
            self.assertGreater(len(difference["says"]), 10, difference)
        names = {case["name"] for case in cases for difference in listed
                 if any(re.fullmatch(pattern, case["name"]) for pattern in difference["cases"])}
        self.assertEqual({name: differing[name] for name in differing.keys() - names}, {}, "not listed")
        self.assertEqual(names - differing.keys(), set(), "listed, but it agrees")
        self.assertGreater(len(cases) - len(differing), 900)


if __name__ == "__main__":
    unittest.main()
