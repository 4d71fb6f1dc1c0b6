"""py3langid: the language of each document."""

import py3langid
from common import arguments, done, texts

said = [py3langid.classify(text)[0] for text in texts(arguments().documents)]
done(documents=len(said))
