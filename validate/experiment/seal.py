"""JSON that carries a hash of itself, so that one changed digit is found when it is read.

    {
     "sha256": "<hash of the text without this line>",
     ...

The seal is the first line inside; the text without it is what was written, byte for byte. Text that never had a seal,
as a person may write it, is read as it is.
"""

import hashlib
import re

_SEAL = re.compile(rb'\{\n "sha256": "([0-9a-f]{64})",')


class SealError(ValueError):
    """Text that is not what was sealed; the message goes on from the name of its file."""


def seal(text: str) -> str:
    """Return the text of a JSON object, as `experiment.folder.to_json` writes it, with its seal."""
    return f'{{\n "sha256": "{_hash(text.encode())}",{text.removeprefix("{")}'


def unsealed(data: bytes) -> bytes:
    """Return what was sealed.

    Raises
    ------
    SealError
        If it was changed since, or its seal was.
    """
    found = _SEAL.match(data)
    if found is None:
        if b'"sha256"' in data[:200]:
            raise SealError("was changed or damaged: its seal is broken")
        return data
    content = b"{" + data[found.end() :]
    if _hash(content) != found[1].decode():
        raise SealError("was changed or damaged: its contents do not match their checksum")
    return content


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
