"""The packed RTF of Outlook's messages (MS-OXRTFCP): a dictionary of what was written before, in a ring."""

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

_BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss "
    b"\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
    b"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_HEADER = 16
_PACKED, _PLAIN = b"LZFu", b"MELA"
_RING = 4096


def unpacked(data: bytes) -> bytes:
    """RTF of a property `1009`.

    :raises UnreadableDocumentError: If it is none.
    """
    kind, content = data[8:12], data[_HEADER:]
    if kind == _PLAIN:
        return content
    if kind != _PACKED:
        reason = "the body of the message is packed in an unknown way"
        raise UnreadableDocumentError(reason)
    ring = bytearray(_BEGINNING) + bytearray(_RING - len(_BEGINNING))
    place, at, written = len(_BEGINNING), 0, bytearray()
    while at < len(content):
        kinds = content[at]
        at += 1
        for bit in range(8):
            run = content[at : at + 1]
            if kinds >> bit & 1:
                if at + 1 >= len(content):
                    return bytes(written)
                offset, length = content[at] << 4 | content[at + 1] >> 4, (content[at + 1] & 15) + 2
                at += 2
                if offset == place:
                    return bytes(written)
                for step in range(length):  # a run may go on into what it writes itself
                    byte = ring[(offset + step) % _RING]
                    ring[place], place = byte, (place + 1) % _RING
                    written.append(byte)
            elif run:
                ring[place], place, at = run[0], (place + 1) % _RING, at + 1
                written += run
    return bytes(written)
