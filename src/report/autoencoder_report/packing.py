"""Bytes as text of an HTML file: gzip, seven bits a character, an eighth shorter than base64."""

import gzip

from markupsafe import Markup

# Characters that a parser of HTML changes or reads as markup, and those that stand for them.
_STAND_INS = str.maketrans("\0\r<", "¡¢£")


def _seven_bits(content: bytes) -> bytes:
    """The bits of content, seven a byte: byte i of eight has the bits 7i to 7i + 6 of seven bytes."""
    whole = content + bytes(-len(content) % 7)
    count = len(whole) // 7
    columns = [bytes(count), *(whole[i::7] for i in range(7)), bytes(count)]
    text = bytearray(8 * count)
    for i in range(8):
        low = columns[i].translate(bytes(byte << (7 - i) & 127 for byte in range(256)))
        high = columns[i + 1].translate(bytes(byte >> (i + 1) for byte in range(256)))
        both = int.from_bytes(low, "big") | int.from_bytes(high, "big")
        text[i::8] = both.to_bytes(count, "big")
    return bytes(text[: -(-8 * len(content) // 7)])


def compressed(content: bytes) -> bytes:
    """gzip at level 7: on the digits, level 9 takes eleven times as long and gains 0.6 %."""
    return gzip.compress(content, 7, mtime=0)


def packed(content: bytes) -> Markup:
    """Bytes as the page carries them; `static/parts.js` unpacks them."""
    text = _seven_bits(compressed(content)).decode("ascii")
    return Markup(text.translate(_STAND_INS))
