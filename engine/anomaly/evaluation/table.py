"""What `kulla models evaluate` can measure, by name."""

from __future__ import annotations

from collections.abc import Mapping

from engine.anomaly.evaluation.alerts_eval import evaluate_alerts
from engine.anomaly.evaluation.beacons_eval import evaluate_beacons
from engine.anomaly.evaluation.honesty_eval import evaluate_honesty
from engine.anomaly.evaluation.nab_eval import evaluate_nab
from engine.anomaly.evaluation.names_eval import evaluate_names
from engine.anomaly.evaluation.requests_eval import evaluate_access_log, evaluate_requests
from engine.anomaly.evaluation.row import Evaluation, Row
from engine.anomaly.evaluation.simulated_eval import evaluate_simulated

__all__ = ["EVALUATIONS", "Evaluation", "Row"]

EVALUATIONS: Mapping[str, Evaluation] = {
    "csic2010": Evaluation(folder="csic2010", run=evaluate_requests),
    "apache-access": Evaluation(folder="apache-access", run=evaluate_access_log),
    "ait-ads": Evaluation(folder="ait-ads-alerts", run=evaluate_alerts),
    "dga": Evaluation(folder="dga", run=evaluate_names),
    "nab": Evaluation(folder="nab", run=evaluate_nab),
    "beacons": Evaluation(folder="", run=evaluate_beacons),
    "simulator": Evaluation(folder="", run=evaluate_simulated),
    "honesty": Evaluation(folder="", run=evaluate_honesty),
}
