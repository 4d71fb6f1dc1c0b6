"""pycld2: the language of each document."""

import pycld2
from common import arguments, done, texts

said = []
for text in texts(arguments().documents):
    try:
        said.append(pycld2.detect(text.encode(), bestEffort=True)[2][0][1])
    except pycld2.error:
        said.append("un")
done(documents=len(said))
