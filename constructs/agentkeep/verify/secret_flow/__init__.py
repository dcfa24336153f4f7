"""
Who can read which secret, by any route, hop by hop.

    key of the store -> ExternalSecret key -> Secret key -> container (env, envFrom, volume, projected, subPath)
                                                      -> another container of the pod (shared volume, shared processes)
                                                      -> any pod whose ServiceAccount may read Secrets

Where a route cannot be followed exactly, the worst is taken: a Secret filled by ``find`` may hold every parameter, a
script that names a secret's variable or mounts its file may copy it to every volume that it can write.
"""

from agentkeep.verify.secret_flow.following import follow
from agentkeep.verify.secret_flow.model import EVERY_PARAMETER, UNTRACED, Read, SecretFlow, Source

__all__ = ["EVERY_PARAMETER", "UNTRACED", "Read", "SecretFlow", "Source", "follow"]
