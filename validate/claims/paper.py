"""The paper's own numbers, and where they may stand beside ours.

A number of the paper is shown beside one of ours if both are the same statistic, in the same layout, at the same depth
of the network, layer / (layers - 1), and read at the same place of the layer; else not at all. The paper's
configurations put a separator behind every symbol and read states there, after attention; which setting each of its
figures used is not said, so its values are taken for those. Of regression its R2 is in-sample and ours held out: it is
not shown. Kept is R2_cell at the last position, with 1024 minors.

Source: arXiv:2605.03780, R2_cell by layer, one seed.
"""

from collections.abc import Mapping

ByLayer = tuple[float, ...]

R2_CELL: Mapping[str, Mapping[str, ByLayer]] = {
    "dice-separated": {
        "majors": (0.985, 0.961, 0.924, 0.921, 0.970, 0.977),
        "minors": (0.989, 0.976, 0.960, 0.944, 0.932, 0.931),
    },
    "markov-separated": {
        "majors": (0.741, 0.685, 0.738, 0.885, 0.930, 0.950),
        "minors": (0.748, 0.684, 0.702, 0.786, 0.774, 0.743),
    },
}
"""By family in its layout, R2 of (task, symbol) cells of majors and of minors after the attention of each layer."""

READ_AT = "post_attention."


def beside(values: ByLayer | None, site: str, n_layers: int) -> float | None:
    """Return the value of the layer at the same depth as a site of a network of so many layers, if there is one."""
    if values is None or not site.startswith(READ_AT) or n_layers < 2:
        return None
    layer = int(site.removeprefix(READ_AT))
    theirs, remainder = divmod(layer * (len(values) - 1), n_layers - 1)
    return None if remainder else values[theirs]
