# SPDX-License-Identifier: Apache-2.0
"""The manifests: whole, no more rights than the sources ask for, and words that the programs know."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "packaging/kubernetes"
DAEMONS = pathlib.Path(os.environ["PADDOCK_BUILD"]) / "daemons"
SOURCE = ROOT / "libmetadata/src/kubernetes"


def objects():
    found = {}
    for name in yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())["resources"]:
        for item in yaml.safe_load_all((MANIFESTS / name).read_text()):
            found[item["kind"], item["metadata"]["name"]] = item
    return found


def granted(role):
    return {(group, resource, verb) for rule in role["rules"]
            for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"]}


class Manifests(unittest.TestCase):
    def setUp(self):
        self.objects = objects()
        self.pod = self.objects["DaemonSet", "paddock"]["spec"]["template"]
        self.containers = {container["name"]: container for container in self.pod["spec"]["containers"]}

    def test_kustomization_lists_every_manifest(self):
        kustomization = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())

        self.assertEqual({path.name for path in MANIFESTS.glob("*.yaml")} - {"kustomization.yaml"},
                         set(kustomization["resources"]))

    def test_rights_are_those_the_source_uses(self):
        asked = set()
        read = (SOURCE / "kubernetes_store.cpp").read_text()
        for group, resource in re.findall(r'"/apis?/(?:([a-z.\d-]+)/)?v1(?:(?:alpha|beta)1)?/([a-z]+)"', read):
            asked |= {(group, resource, "list"), (group, resource, "watch")}
        written = (SOURCE / "node_writer.cpp").read_text()
        (method,) = re.findall(r'\.method = "([A-Z]+)"', written)
        (resource,) = re.findall(r'"/api/v1/([a-z]+)/" \+ node_', written)
        (subresource,) = re.findall(r'is_cordoned \? "" : "(/[a-z]+)"', written)
        asked.add(("", resource + subresource, method.lower()))

        self.assertGreaterEqual(len(asked), 13)
        self.assertEqual(granted(self.objects["ClusterRole", "paddock"]), asked)

    def test_cordons_where_that_is_added(self):
        folder = MANIFESTS.parent / "kubernetes-cordon"
        component = yaml.safe_load((folder / "kustomization.yaml").read_text())
        roles = {(item["kind"], item["metadata"]["name"]): item for name in component["resources"]
                 for item in yaml.safe_load_all((folder / name).read_text())}
        patches = {patch["target"]["kind"]: yaml.safe_load(patch["patch"]) for patch in component["patches"]}
        (name, argument) = patches["DaemonSet"]
        container = int(name["path"].split("/")[-2])

        self.assertEqual(component["kind"], "Component")
        self.assertEqual(granted(roles["ClusterRole", "paddock-cordon"]), {("", "nodes", "patch")})
        self.assertEqual(roles["ClusterRoleBinding", "paddock-cordon"]["roleRef"]["name"], "paddock-cordon")
        self.assertEqual(roles["ClusterRoleBinding", "paddock-cordon"]["subjects"],
                         self.objects["ClusterRoleBinding", "paddock"]["subjects"])
        self.assertEqual(self.pod["spec"]["containers"][container]["name"], name["value"])
        self.assertIn(f"/{container}/args/-", argument["path"])
        self.assertEqual(argument["value"], "--cordon")
        (rule,) = self.objects["ValidatingAdmissionPolicy", "paddock-own-node"]["spec"]["matchConstraints"]["resourceRules"]
        self.assertIn("nodes", rule["resources"])

    def test_cluster_ip_is_given_to_who_answers_and_who_leads_there(self):
        component = yaml.safe_load((MANIFESTS.parent / "kubernetes-cluster-ip/kustomization.yaml").read_text())
        steps = yaml.safe_load(component["patches"][0]["patch"])

        for name, argument in zip(steps[::2], steps[1::2]):
            container = int(name["path"].split("/")[-2])
            self.assertEqual(self.pod["spec"]["containers"][container]["name"], name["value"])
            self.assertIn(f"/{container}/args/-", argument["path"])
        (listen, addresses) = (argument["value"] for argument in steps[1::2])
        cluster_ip = listen.removeprefix("--listen=").removesuffix(":53")
        self.assertEqual(addresses, f"--service-addresses=169.254.169.250,{cluster_ip}")

    def test_only_the_own_node_may_be_written_to(self):
        policy = self.objects["ValidatingAdmissionPolicy", "paddock-own-node"]
        binding = self.objects["ValidatingAdmissionPolicyBinding", "paddock-own-node"]
        account = self.objects["ServiceAccount", "paddock"]["metadata"]

        self.assertEqual(binding["spec"]["policyName"], policy["metadata"]["name"])
        self.assertEqual(binding["spec"]["validationActions"], ["Deny"])
        (condition,) = policy["spec"]["matchConditions"]
        self.assertIn(f'"system:serviceaccount:{account["namespace"]}:{account["name"]}"', condition["expression"])
        (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
        self.assertIn("nodes/status", rule["resources"])

    def test_objects_name_one_another(self):
        spec = self.pod["spec"]
        account = spec["serviceAccountName"]
        binding = self.objects["ClusterRoleBinding", "paddock"]

        self.assertIn(("ServiceAccount", account), self.objects)
        self.assertIn((binding["roleRef"]["kind"], binding["roleRef"]["name"]), self.objects)
        self.assertEqual([(subject["kind"], subject["name"]) for subject in binding["subjects"]],
                         [("ServiceAccount", account)])
        self.assertEqual(self.objects["DaemonSet", "paddock"]["spec"]["selector"]["matchLabels"],
                         self.pod["metadata"]["labels"])
        self.assertLessEqual(self.objects["Service", "paddock-dns"]["spec"]["selector"].items(),
                             self.pod["metadata"]["labels"].items())
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        self.assertIn(("ConfigMap", volumes["config"]["configMap"]["name"]), self.objects)
        mounted = {mount["name"] for container in spec["containers"] for mount in container["volumeMounts"]}
        self.assertEqual(mounted, set(volumes))

    def test_two_pods_fit_on_one_node_while_one_takes_the_others_place(self):
        self.assertEqual(self.objects["DaemonSet", "paddock"]["spec"]["updateStrategy"]["rollingUpdate"], {"maxSurge": 1, "maxUnavailable": 0})
        for name, container in self.containers.items():
            socket = f"/run/admin/{name}.sock"

            self.assertNotIn("ports", container)
            self.assertIn("--replace", container["args"])
            self.assertIn(f"--admin-socket={socket}", container["args"])
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                self.assertEqual(container[probe]["exec"]["command"][-1], socket)
        (own,) = [volume for volume in self.pod["spec"]["volumes"] if volume["name"] == "admin"]
        self.assertIn("emptyDir", own)

    def test_service_leads_where_dnsd_listens(self):
        listened = {int(argument.rpartition(":")[2]) for argument in self.containers["dnsd"]["args"] if argument.startswith("--listen=")}

        for port in self.objects["Service", "paddock-dns"]["spec"]["ports"]:
            self.assertIn(port["targetPort"], listened)

    def test_daemons_take_their_arguments_and_configuration(self):
        data = self.objects["ConfigMap", "paddock"]["data"]
        for name, container in self.containers.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                config = pathlib.Path(folder) / f"{name}.yaml"
                config.write_text(data[config.name])
                arguments = [argument.replace("$(NODE_NAME)", "node-1").replace("$(HOST_IP)", "192.0.2.1")
                             .replace("/etc/paddock/", f"{folder}/") for argument in container["args"]]

                checked = subprocess.run([DAEMONS / pathlib.Path(container["command"][0]).name, *arguments,
                                          "--check-config"], capture_output=True, text=True)

                self.assertIn(f"--config={config}", arguments)
                self.assertEqual(checked.returncode, 0, checked.stderr + checked.stdout)

    def test_runtimes_are_told_last(self):
        arguments = self.containers["netd"]["args"]
        others = [argument.rpartition("=")[2] for name in ("metadatad", "dnsd") for argument in self.containers[name]["args"]
                  if argument.startswith("--admin-listen")]

        self.assertIn("--write-conflist", arguments)
        self.assertEqual([argument.partition("=")[2] for argument in arguments if argument.startswith("--conflist-after")], others)

    def test_names_alone_are_the_same_without_netd(self):
        overlay = yaml.safe_load((MANIFESTS.parent / "kubernetes-names/kustomization.yaml").read_text())
        patch = yaml.safe_load(overlay["patches"][0]["patch"])["spec"]["template"]["spec"]
        kept = [container for name, container in self.containers.items() if name != "netd"]
        mounted = {mount["name"] for container in kept for mount in container["volumeMounts"]}

        self.assertEqual([container["name"] for container in patch["containers"]], ["netd"])
        self.assertEqual({volume["name"] for volume in patch["volumes"]},
                         {volume["name"] for volume in self.pod["spec"]["volumes"]} - mounted)

    def test_nobody_has_more_power_than_the_work_needs(self):
        needed = {"address": ["NET_ADMIN"], "metadatad": ["NET_BIND_SERVICE"], "dnsd": ["NET_BIND_SERVICE"],
                  "netd": ["NET_ADMIN", "NET_RAW", "SYS_ADMIN"]}
        spec = self.pod["spec"]
        for container in spec["initContainers"] + spec["containers"]:
            security = container["securityContext"]

            self.assertEqual(security["capabilities"], {"drop": ["ALL"], "add": needed[container["name"]]})
            self.assertIs(security["allowPrivilegeEscalation"], False)
            self.assertIs(security["readOnlyRootFilesystem"], True)
            self.assertIn("limits", container["resources"])
        self.assertIs(spec["automountServiceAccountToken"], False)
        with_token = [name for name, container in self.containers.items()
                      if "token" in {mount["name"] for mount in container["volumeMounts"]}]
        self.assertEqual(with_token, ["metadatad"])


unittest.main()
