"""Says, before anything is drawn, what of a prompt the painters will leave out."""

import re
from dataclasses import dataclass

from app.painter.brief import LONGEST_QUOTE, MOST_KINDS, QUOTED_AT_ALL, READ_AT_MOST, Brief, read
from app.painter.editing.instruction import read_instruction
from app.painter.languages import is_foreign
from app.painter.lettering import find_missing
from app.painter.modifiers import MOST_OF_A_KIND
from app.painter.scenes import choose
from app.painter.scenes.backdrops import BACKDROPS
from app.painter.unknown import find_unknown
from app.painter.vocabulary import NOUNS

REFERRED = re.compile(
    r"\b(images?|pictures?|photos?|photographs?|references?|both|together|combine|merge|blend|second|third|other)\b"
)
"""Words for the further images of an edit."""
UNKNOWN = "The painters know nothing of this part."


@dataclass(frozen=True, slots=True)
class Unmet:
    """Note a part of a prompt that is left out, what is drawn in its place, if anything, and why."""

    asked: str
    used: str | None
    reason: str


def find_unmet_in_edit(prompt: str, *, masked: bool, further_images: bool = False) -> tuple[Unmet, ...]:
    """
    List the clauses of an edit's prompt that are not carried out, what others lack, and what is too much.

    With further images a clause that speaks of images is carried out: they lend their colours or subjects.
    """
    read_as = read_instruction(prompt, masked=masked)
    if read_as.actions or further_images:
        reason = "The painters know no such edit."
    elif masked:
        reason = "The painters know no such edit; what is masked is filled from its surroundings."
    else:
        reason = "The painters know no such edit; the picture is redrawn in the model's own manner."
    # Words that ask for nothing, as `keep it as it is`, lead to a picture that is changed all the same.
    unread = read_as.unread or (() if read_as.actions else (prompt[:READ_AT_MOST],))
    left_out = (
        *(Unmet(clause, None, reason) for clause in unread),
        *(Unmet(part, None, UNKNOWN) for part in read_as.unknown),
    )
    told = (one for one in left_out if not (further_images and REFERRED.search(one.asked.casefold())))
    return (*told, *_excess(prompt, read(prompt)))


def is_understood(prompt: str) -> bool:
    """Tell whether a painter knows anything that an edit's prompt asks for."""
    return bool(read_instruction(prompt).actions)


def find_unmet(prompt: str) -> tuple[Unmet, ...]:
    """List what a picture of this prompt will lack: all of it, letters of a text, some of too many things."""
    brief = read(prompt)
    found = [*_excess(prompt, brief), *_unlettered(prompt, brief)]
    is_placed = any(brief.has(*words) for words, _ in BACKDROPS.values())
    is_written = brief.quotes or brief.steps or brief.names or QUOTED_AT_ALL.search(prompt)
    if choose(brief) != "things":
        return tuple(found)
    if not (brief.wanted or is_placed or is_written or _denies(brief)):
        reason = "The painters know nothing that this prompt names; they draw a place."
        return (*found, Unmet(prompt, None, reason))
    if is_foreign(prompt):
        return (*found, Unmet(prompt, None, "The painters read English, and single words of other languages."))
    return (*found, *(Unmet(part, None, UNKNOWN) for part in find_unknown(prompt, brief)))


def _denies(brief: Brief) -> bool:
    """Tell whether the prompt names things only to leave them out."""
    return any(word in NOUNS for word in brief.words)


def _excess(prompt: str, brief: Brief) -> list[Unmet]:
    """Note what is too much: things of one kind, and what stands beyond the part of a prompt that is read."""
    reason = f"The painters draw at most {MOST_OF_A_KIND} of a kind."
    found = [Unmet(asked, f"{MOST_OF_A_KIND} {asked.partition(' ')[2]}", reason) for asked in brief.capped]
    reason = f"The painters draw at most {MOST_KINDS} kinds of things."
    found += [Unmet(written, None, reason) for written in brief.beyond]
    if rest := prompt[READ_AT_MOST:].strip():
        found.append(Unmet(rest, None, f"The painters read the first {READ_AT_MOST} characters of a prompt."))
    return found


def _unlettered(prompt: str, brief: Brief) -> list[Unmet]:
    """Note texts that are too long for a sign, and signs of others that the painters' one font does not have."""
    long = [text for text in QUOTED_AT_ALL.findall(prompt) if len(text) > LONGEST_QUOTE]
    foreign = {text: missing for text in brief.quotes if (missing := find_missing(text))}
    return [
        *(
            Unmet(text, None, f"The painters letter at most {LONGEST_QUOTE} characters of a text.")
            for text in long
        ),
        *(
            Unmet(text, None, f"The painters have Latin letters alone and leave out {missing}.")
            for text, missing in foreign.items()
        ),
    ]
