# SPDX-License-Identifier: Apache-2.0
"""The dashboard and the alerts speak of metrics that exist: those of docs/metrics.md, which e2e.operate compares with what
the daemons say."""
import json
import pathlib
import re
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", re.M)
METRICS = {name: (kind, set(labels.split(", "))) for name, kind, labels in ROW.findall((ROOT / "docs/metrics.md").read_text())}
COMMON = {"instance", "job", "le"}


def metrics_of(expression):
    return re.findall(r"\b(paddock_\w+|coredns_\w+)", expression)


class Monitoring(unittest.TestCase):
    def expect_known(self, expression, where, text=""):
        self.assertTrue(metrics_of(expression), where)
        labels = set(COMMON)
        for name in metrics_of(expression):
            family = name if name in METRICS else re.sub(r"_(bucket|sum|count)$", "", name)
            self.assertIn(family, METRICS, where)
            kind, own = METRICS[family]
            self.assertEqual(family != name, kind == "histogram", f"{where}: {name} is a {kind}")
            self.assertEqual(kind == "gauge", not re.search(rf"rate\({name}", expression), f"{where}: {name} is a {kind}")
            labels |= own
        for group in re.findall(r"by \(([^)]*)\)", expression):
            self.assertLessEqual({label.strip() for label in group.split(",")}, labels, where)
        self.assertLessEqual(set(re.findall(r"\{\{ ?(?:\$labels\.)?([a-z]+) ?\}\}", text)), labels, where)

    def test_alerts_ask_for_metrics_that_exist(self):
        rules = [rule for group in yaml.safe_load((ROOT / "packaging/monitoring/alerts.yaml").read_text())["groups"]
                 for rule in group["rules"]]

        self.assertTrue(rules)
        for rule in rules:
            self.expect_known(rule["expr"], rule["alert"], str(rule["annotations"]))
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
            self.assertLessEqual({"summary", "description"}, set(rule["annotations"]))

    def test_panels_ask_for_metrics_that_exist(self):
        board = json.loads((ROOT / "packaging/monitoring/dashboard.json").read_text())

        places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
        self.assertEqual(len(places), len(set(places)))
        for panel in board["panels"]:
            for target in panel["targets"]:
                self.expect_known(target["expr"], panel["title"], target["legendFormat"])


unittest.main()
