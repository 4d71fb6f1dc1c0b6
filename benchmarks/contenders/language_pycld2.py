"""pycld2: the language of each document."""

import pycld2
from common import arguments, done, texts


def language(text):
    """Return a code, "un" where control characters are refused."""
    try:
        return pycld2.detect(text.encode(), bestEffort=True)[2][0][1]
    except pycld2.error:
        return "un"


said = [language(text) for text in texts(arguments().documents)]
done(documents=len(said))
