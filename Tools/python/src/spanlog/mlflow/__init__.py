"""Has MLflow's own tracing record into a local store, without a server and a tracking URI.

::

    import spanlog.mlflow

    spanlog.mlflow.record("spans", service_name="planner")

From then on ``mlflow.start_span``, ``@mlflow.trace``, autologging, and the two calls of distributed
tracing record there, and ``spanlog merge`` and ``spanlog export mlflow`` bring the traces into
MLflow afterwards.
"""

from __future__ import annotations

import os

# MLflow's usage statistics go over the network, which a recorder must not use. To be heard, this
# has to be said before MLflow is imported; `record` says it once more.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from .recording import Recording, record

__all__ = ["Recording", "record"]
