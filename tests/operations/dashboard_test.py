"""The dashboard and the alert rules against what a daemon really offers, and against promtool.

dashboard_test.py LATERD SOURCE_ROOT
"""

import json
import pathlib
import re
import subprocess
import sys
import unittest

import running

LATERD, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
GRAFANA = ROOT / "config" / "grafana"
AWAY = """clusters: {main: {brokers: ["127.0.0.1:1"]}}
routes:
  orders: {from: {topics: [orders], group: later}, delay: 15m, to: {topic: orders.later}}
admin: {listen: $admin}
"""


def names_in(text):
    return {re.sub(r"_(bucket|sum|count)$", "", name) if not name.endswith("_total") else name
            for name in re.findall(r"\blaterd_[a-z_]+", text)}


class DashboardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with running.daemon(LATERD, AWAY) as url:
            cls.metrics = running.get(url + "metrics")
        cls.offered = set(re.findall(r"^# HELP (\S+)", cls.metrics, re.MULTILINE))
        found = subprocess.run([ROOT / "script" / "fetch-promtool"], stdout=subprocess.PIPE, text=True, check=True)
        cls.promtool = found.stdout.strip()

    def promtool_says(self, *arguments, text=None):
        ended = subprocess.run([self.promtool, *arguments], input=text, capture_output=True, text=True)
        self.assertEqual(0, ended.returncode, ended.stdout + ended.stderr)

    def test_the_metrics_are_valid(self):
        self.promtool_says("check", "metrics", text=self.metrics)

    def test_every_metric_of_the_alerts_exists(self):
        text = (GRAFANA / "laterd-alerts.yaml").read_text()
        expressions = re.sub(r"(summary|description): .*", "", text)
        used = names_in(expressions)
        self.assertGreater(len(used), 8)
        self.assertLessEqual(used, self.offered)

    def test_every_metric_is_in_the_dashboard_and_every_one_there_exists(self):
        panels = json.loads((GRAFANA / "laterd-dashboard.json").read_text())["panels"]
        used = set()
        for panel in panels:
            for target in panel["targets"]:
                used |= names_in(target["expr"])
        self.assertLessEqual(used, self.offered)
        self.assertEqual(set(), self.offered - used)

    def test_the_alert_rules_do_what_their_tests_say(self):
        self.promtool_says("check", "rules", str(GRAFANA / "laterd-alerts.yaml"))
        self.promtool_says("test", "rules", str(GRAFANA / "laterd-alerts.test.yaml"))

    def test_every_alert_is_explained(self):
        alerts = re.findall(r"alert: (\w+)", (GRAFANA / "laterd-alerts.yaml").read_text())
        pages = (ROOT / "docs" / "operations.md").read_text()
        self.assertGreater(len(alerts), 8)
        for alert in alerts:
            self.assertRegex(pages, rf"(?m)^### {alert}\b")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
