"""The examples for containers are well-formed, hang together, and hold right tables: python3 containers_test.py LATERD ROOT."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema

import core_yaml

LATERD, ROOT = sys.argv[1:3]
EXAMPLES = pathlib.Path(ROOT) / "config" / "examples"
PORT = 9464


def documents(name):
    return core_yaml.read_all((EXAMPLES / name).read_text(encoding="utf-8"))


def of_kind(name, kind):
    return next(each for each in documents(name) if each["kind"] == kind)


def version():
    return re.search(r"^  version: '(.*)',$", (pathlib.Path(ROOT) / "meson.build").read_text(), re.MULTILINE).group(1)


class ContainersTest(unittest.TestCase):
    def check_table(self, text, environment=None):
        """laterd takes the table, and so does its schema; the admin endpoint is open to the pod."""
        with tempfile.TemporaryDirectory(prefix="laterd-example-") as folder:
            file = pathlib.Path(folder) / "laterd.yaml"
            file.write_text(text, encoding="utf-8")
            secret = pathlib.Path(folder) / "sasl-password"
            secret.write_text("secret\n", encoding="utf-8")
            secret.chmod(0o600)
            ended = subprocess.run([LATERD, "check", "-c", str(file)], check=False, capture_output=True, text=True,
                                   env={**os.environ, "CREDENTIALS_DIRECTORY": folder, **(environment or {})})
            self.assertEqual(0, ended.returncode, ended.stderr)
        table = core_yaml.read(text)
        schema = json.loads((EXAMPLES.parent / "laterd.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft7Validator(schema).validate(table)
        self.assertEqual(f"0.0.0.0:{PORT}", table["admin"]["listen"])
        return table

    def check_pod(self, pod, table):
        """What a pod mounts is there, and the socket of the table lies in a folder that handler and laterd share."""
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        containers = {container["name"]: container for container in pod["containers"]}
        self.assertEqual(2, len(containers))
        mounts = {name: {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
                  for name, container in containers.items()}
        for mounted in mounts.values():
            self.assertLessEqual(set(mounted), set(volumes))
        self.assertIn("emptyDir", volumes["handler"])
        self.assertEqual({"/run/handler"}, {mounted["handler"] for mounted in mounts.values()})
        for route in table["routes"].values():
            self.assertEqual("/run/handler", os.path.dirname(route["to"]["handler"]["socket"]))
        laterd = containers["laterd"]
        self.assertTrue(laterd["image"].endswith(f"laterd:{version()}"), laterd["image"])
        self.assertEqual(["run"], laterd["args"])
        self.assertEqual("/etc/laterd", mounts["laterd"]["table"])
        self.assertIn(PORT, [port["containerPort"] for port in laterd["ports"]])
        security = laterd["securityContext"]
        self.assertEqual((65532, 65532), (security["runAsUser"], security["runAsGroup"]))
        self.assertTrue(security["readOnlyRootFilesystem"])
        self.assertEqual(["ALL"], security["capabilities"]["drop"])
        # Longer than the drain, or it is cut short.
        self.assertGreater(pod["terminationGracePeriodSeconds"], 20)
        return laterd

    def test_kubernetes_sidecar(self):
        table = self.check_table(of_kind("kubernetes.yaml", "ConfigMap")["data"]["laterd.yaml"],
                                 {"KAFKA_BROKERS": "kafka-1:9093,kafka-2:9093"})
        deployment = of_kind("kubernetes.yaml", "Deployment")
        template = deployment["spec"]["template"]
        self.assertEqual(deployment["spec"]["selector"]["matchLabels"], template["metadata"]["labels"])
        laterd = self.check_pod(template["spec"], table)
        port = next(port["name"] for port in laterd["ports"] if port["containerPort"] == PORT)
        self.assertEqual({"path": "/livez", "port": port}, laterd["livenessProbe"]["httpGet"])
        self.assertEqual({"path": "/readyz", "port": port}, laterd["readinessProbe"]["httpGet"])
        self.assertIn("KAFKA_BROKERS", [variable["name"] for variable in laterd["env"]])
        self.assertNotIn("instance", table)  # a Deployment's pods do not come back under their names

    def test_podman_pod(self):
        table = self.check_table(of_kind("podman-pod.yaml", "ConfigMap")["data"]["laterd.yaml"])
        laterd = self.check_pod(of_kind("podman-pod.yaml", "Pod")["spec"], table)
        self.assertEqual(["/usr/local/bin/laterd", "health"], laterd["livenessProbe"]["exec"]["command"])
        self.assertEqual("127.0.0.1", laterd["ports"][0]["hostIP"])

    def test_compose(self):
        compose = documents("compose.yaml")[0]
        # compose takes a lone $ for a variable of its own.
        table = self.check_table(compose["configs"]["laterd"]["content"].replace("$$", "$"))
        services = compose["services"]
        self.assertEqual({"kafka", "topics", "handler", "laterd"}, set(services))
        self.assertEqual(["kafka:9092"], table["clusters"]["main"]["brokers"])
        self.assertIn("kafka:9092", services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"])
        laterd = services["laterd"]
        self.assertEqual([{"source": "laterd", "target": "/etc/laterd/laterd.yaml"}], laterd["configs"])
        self.assertTrue(laterd["read_only"])
        self.assertTrue((EXAMPLES / laterd["build"] / "Containerfile").is_file())
        self.assertTrue(laterd["image"].endswith(f"laterd:{version()}"), laterd["image"])
        self.assertTrue((EXAMPLES / services["handler"]["volumes"][0].split(":")[0]).is_file())
        shared = "handler:/run/handler"
        self.assertIn(shared, laterd["volumes"])
        self.assertIn(shared, services["handler"]["volumes"])
        self.assertIn("handler", compose["volumes"])
        made = services["topics"]["command"][2]
        for route in table["routes"].values():
            self.assertIn(route["to"]["handler"]["socket"], services["handler"]["command"])
            for topic in (*route["from"]["topics"], route["retry"]["topic"], route["dead_letter"]["topic"]):
                self.assertRegex(made, rf"for topic in .*\b{re.escape(topic)}[ ;]")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
