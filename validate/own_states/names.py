"""Names of tensors and of sites."""

import re


def site_of(name: str) -> str | None:
    """Return the site a tensor belongs to, None if it is not one of states."""
    found = re.fullmatch(r"states\.\d+\.(?:all|last)\.(.+)", name)
    return found[1] if found and found[1] not in ("inputs", "positions") else None


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Return the key that sorts names with numbers in them by the numbers' values, however long they are."""
    parts = [part for part in re.split(r"([0-9]+)", name) if part]
    digits = [part.lstrip("0") if re.fullmatch("[0-9]+", part) else None for part in parts]
    return [(True, 0, part) if own is None else (False, len(own), own) for part, own in zip(parts, digits, strict=True)]
