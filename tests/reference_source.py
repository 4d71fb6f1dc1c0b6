"""Slow, obvious versions of source attribution: one URL at a time, plain Python."""

import re

import tldextract

WEB = {"http", "https", "ftp", "ftps", "ws", "wss", "gopher", "gemini"}
ASCII_LOWER = {upper: upper + 32 for upper in range(65, 91)}
ICANN = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

EVERY = tldextract.TLDExtract(
    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
)


def raw_host(url):
    """The host of one URL as the kernel writes it."""
    text = url.lstrip("".join(map(chr, range(33))) + "<")
    text = text.rstrip("".join(map(chr, range(33))) + ">")
    marked = False
    if re.match(r"[/\\]{2}", text):
        text, marked = text[2:], True
    elif re.match(r"[/\\]", text):
        return ""
    else:
        scheme = re.match(r"([A-Za-z0-9+.-]+):", text)
        if scheme and scheme[1].translate(ASCII_LOWER) in WEB:
            text, marked = text[scheme.end() :].lstrip("/\\"), True
        elif scheme and not re.match(r"[0-9]+([/?#\\]|\Z)", text[scheme.end() :]):
            return ""
    authority = re.split(r"[/?#\\]", text, maxsplit=1)[0]
    alone = not marked and authority == text
    if "@" in authority:
        if not marked:
            return ""
        authority = authority.rpartition("@")[2]
    if authority.startswith("["):
        return (
            authority.partition("]")[0].translate(ASCII_LOWER)
            + "]" * ("]" in authority)
            if "]" in authority
            else ""
        )
    host, colon, _ = authority.partition(":")
    if not host or len(host.encode()) > 1024:
        return ""
    return "?" * (alone and not colon) + host.translate(ASCII_LOWER)


def registered(host):
    """Registered domain and suffix of a host, straight from tldextract."""
    found = EVERY(f"http://{host}/")
    found = found if found.domain else ICANN(f"http://{host}/")
    domain = f"{found.domain}.{found.suffix}" if found.domain else found.suffix
    return (domain, found.suffix) if found.suffix else None
