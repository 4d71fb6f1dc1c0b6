"""The slow twin of the mojibake kernel: characters to bytes, bytes to sequences."""

import codecs

USUAL = set(
    "‘’‚“”„…‹›–—™\u00a0¡ª«\u00ad®°´·º»¿ŠŒŽšœžŸŚŤŹśťźŁłĄąŞşŻżĽľ"
)  # fmt: skip


def byte_of(character: str, page: str) -> int | None:
    """The byte that a reader of a code page shows as this character."""
    if 0x80 <= ord(character) <= 0x9F:
        return ord(character)
    try:
        return codecs.encode(character, page)[0] if character > "\x7f" else None
    except UnicodeEncodeError:
        return None


def ref_sequences(text: str, page: str) -> tuple[int, int, int]:
    """Characters inside sequences, sequences that prove something, other characters."""
    inside = strong = 0
    at = 0
    beyond = sum(c > "\x7f" for c in text)
    while at < len(text):
        lead = byte_of(text[at], page)
        size = 0
        if lead is not None and 0xC2 <= lead <= 0xF4:
            size = 2 + (lead >= 0xE0) + (lead >= 0xF0)
        run = text[at : at + size]
        codes = [byte_of(c, page) for c in run]
        if size and len(run) == size and None not in codes:
            try:
                bytes(codes).decode("utf-8")
            except UnicodeDecodeError:
                pass
            else:
                inside += size
                strong += any(c not in USUAL for c in run[1:])
                at += size
                continue
        at += 1
    return inside, strong, beyond - inside


def ref_mojibake(text: str) -> bool:
    """Whether at least half of what is beyond ASCII is UTF-8 read wrongly."""
    for page in ("cp1252", "cp1250", "cp1251"):
        inside, strong, outside = ref_sequences(text, page)
        if (strong or inside >= 12) and inside >= outside:
            return True
    return False
