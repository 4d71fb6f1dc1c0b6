"""Slow twins of the gazetteer's matcher and of what chooses among readings.

`ref_matches` takes tokens of forms and texts and gives (document, first token, tokens,
form number) of each match: forms are tuples of tokens, tried longest first. Scripts
with spaces only; borders of unspaced scripts are tested by example. `ref_resolve` takes
matches and claims and gives (reference, match) of what counts, claim by claim.
"""

from audit.kernels.claims import AMBIGUOUS, LONE, MINOR, SHARED, WORD
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


def ref_resolve(matches, tokens, claims, languages, homes, window):
    """Return what counts, by looking at every pair of matches of a document."""
    spans = [
        range(claims.offsets[g], claims.offsets[g + 1]) for g in matches.groups.tolist()
    ]
    out = []
    for match, span in enumerate(spans):
        doc = matches.docs[match]
        size = tokens.doc_offsets[doc + 1] - tokens.doc_offsets[doc]
        within = _within(tokens, matches, match)
        where = (within, matches.lengths[match] == size)
        sides = [_backed(matches, claims, spans, match, c, window) for c in span]
        ranks = [
            _rank(
                claims.flags[c], side, homes[languages[doc], claims.cultures[c]], where
            )
            for side, c in zip(sides, span, strict=True)
        ]
        best = max(ranks)
        if best:
            out += [(int(r), match) for r in _kept(claims, span, sides, ranks, within)]
    return out


def _within(tokens, matches, match):
    """Tell whether a match is not where any word has a capital."""
    flag = int(tokens.flags[matches.tokens[match]])
    shout = flag & ALL_UPPER and matches.lengths[match] == 1
    return not flag & INITIAL_UPPER or not (flag & BREAK_BEFORE or shout)


def _backed(matches, claims, spans, match, claim, window):
    """Tell whether another match near by is surely of the claim's culture."""
    near = [
        other
        for other in range(len(spans))
        if other != match
        and matches.docs[other] == matches.docs[match]
        and abs(int(matches.tokens[other]) - int(matches.tokens[match])) <= window
    ]
    sure = WORD | AMBIGUOUS | MINOR | LONE
    return any(
        claims.cultures[c] == claims.cultures[claim] and not claims.flags[c] & sure
        for other in near
        for c in spans[other]
    )


def _rank(what, support, home, where):
    """Return how well a claim is founded, 0 where it does not count."""
    within, alone = where
    if what & WORD:
        return 3 if within and support else 0
    if not what & (AMBIGUOUS | MINOR):
        return 4 if support else 2
    if support:
        return 3
    at_home = home == 2 and within if what & MINOR else home > 0
    return int(at_home or (alone and not what & AMBIGUOUS))


def _kept(claims, span, sides, ranks, within):
    """Return the references of the best claim, and of those that share it."""
    chosen = span[ranks.index(max(ranks))]
    if not claims.flags[chosen] & SHARED:
        return [claims.references[chosen]]
    usable = any(
        side and claims.flags[c] & SHARED and (within or not claims.flags[c] & WORD)
        for side, c in zip(sides, span, strict=True)
    )
    return [
        claims.references[c]
        for side, c in zip(sides, span, strict=True)
        if side or not usable
    ]
