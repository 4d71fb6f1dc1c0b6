"""Slow twin of the gazetteer's matcher: forms as tuples of tokens, tried longest first.

In: tokens of forms and texts. Out: (document, first token, tokens, form number) of each
match. Scripts with spaces only; borders of unspaced scripts are tested by example.
"""

from audit.kernels.tokens import (
    ALL_UPPER,
    BREAK_BEFORE,
    INITIAL_UPPER,
    LINE_WRAP_BEFORE,
)


def _parts(tokens, doc):
    return range(tokens.doc_offsets[doc], tokens.doc_offsets[doc + 1])


def _key(tokens, span):
    out = []
    for n, t in enumerate(span):
        flag = int(tokens.flags[t])
        broken = bool(flag & BREAK_BEFORE) and not flag & LINE_WRAP_BEFORE
        out.append((int(tokens.hashes[t]), broken if n else False))
    return tuple(out)


def _case(tokens, span):
    first, last = int(tokens.flags[span[0]]), int(tokens.flags[span[-1]])
    shout = len(span) == 1 and first & ALL_UPPER
    return bool(first & INITIAL_UPPER), bool(last & INITIAL_UPPER), bool(shout)


def ref_matches(tokens, forms):
    """Return the matches of the forms in the texts, by trying every length."""
    table, rules = {}, {}
    for form in range(len(forms.doc_offsets) - 1):
        span = list(_parts(forms, form))
        if not span:
            continue
        key = _key(forms, span)
        number = table.setdefault(key, len(table))
        case = _case(forms, span)
        old = rules.get(number, case)
        rules[number] = tuple(a and b for a, b in zip(old, case, strict=True))
    longest = max((len(k) for k in table), default=0)
    out = []
    for doc in range(len(tokens.doc_offsets) - 1):
        span = list(_parts(tokens, doc))
        at = 0
        while at < len(span):
            for size in range(min(longest, len(span) - at), 0, -1):
                part = span[at : at + size]
                number = table.get(_key(tokens, part))
                if number is None:
                    continue
                needed, found = rules[number], _case(tokens, part)
                if all(f or not n for n, f in zip(needed, found, strict=True)):
                    out.append((doc, part[0], size, number))
                    at += size
                    break
            else:
                at += 1
    return out
