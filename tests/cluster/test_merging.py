"""
What can somebody do who merges one file into the folder that ArgoCD follows? The cluster's answer to each try.

Three gates stand in the way: ArgoCD's project, the API server's admission, and `agentkeep verify` in the pull request.
Each try says which of them stops it. What passes the first two is not stopped by the cluster, and must be refuted by
the third.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from agentkeep.verify.decide import decide
from tools.lab.client import Object
from tools.lab.delivered import APPLICATION, Delivery, Platform, app_folders
from tools.lab.lab import ARGOCD, ROOT, Lab

pytestmark = pytest.mark.cluster
