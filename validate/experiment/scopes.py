"""Which networks a claim is about.

majors only   the network trained without minors
diverse       the network with the most minors
both          one against the other
"""

from typing import Literal

Scope = Literal["majors only", "diverse", "both"]

MAJORS_ONLY: Scope = "majors only"
DIVERSE: Scope = "diverse"
BOTH: Scope = "both"
