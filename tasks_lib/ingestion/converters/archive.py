"""Office files are zip archives: look inside before a parser does."""

import io
import zipfile

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

MAX_UNPACKED_BYTES = 100 * 2**20
MAX_MEMBERS = 10_000
_BLOCK = 2**16
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_FLAG = 0x1


def check_archive(data: bytes, *, limit: int = MAX_UNPACKED_BYTES) -> None:
    """See that the archive is whole, open and small once unpacked; nothing larger than a block is held.

    :param limit: Most bytes that all members may have together, as declared and as really unpacked.
    :raises UnreadableDocumentError: If it is not.
    """
    if data.startswith(_OLE_MAGIC):
        reason = "encrypted, or old Office under a new name: save it without a password, or call it .doc, .ppt or .xls"
        raise UnreadableDocumentError(reason)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive, limit)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError) as error:
        reason = f"corrupt archive: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        raise UnreadableDocumentError(reason) from error


def _check_members(archive: zipfile.ZipFile, limit: int) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        reason = f"zip bomb: {len(members):,} members, at most {MAX_MEMBERS:,} are opened"
        raise UnreadableDocumentError(reason)
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        reason = "encrypted: save it without a password"
        raise UnreadableDocumentError(reason)
    _check_size(sum(member.file_size for member in members), limit)
    unpacked = 0
    for member in members:
        with archive.open(member) as content:
            while block := content.read(_BLOCK):
                unpacked += len(block)
                _check_size(unpacked, limit)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        reason = f"zip bomb: {size / 2**20:,.0f} MiB once unpacked, at most {limit / 2**20:,.0f} MiB are opened"
        raise UnreadableDocumentError(reason)
