"""The defences that `mutations.py` takes out: the text that stands for each, and the tests that should notice."""

from dataclasses import dataclass
from pathlib import Path


class TextGone(Exception):
    """What a mutation replaces is not there once."""


@dataclass(frozen=True)
class Edit:
    """Exact text of a file, and what stands there without the defence."""

    path: str
    old: str
    new: str

    def applied(self, root: Path) -> str:
        """Return the file's new text. Raises TextGone."""
        text = (root / self.path).read_text()
        if text.count(self.old) != 1:
            raise TextGone(f"{self.path} holds {text.count(self.old)} times: {self.old}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Mutation:
    """A defence taken out, and the tests that stand for it, as pytest takes them."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation(
        "UNIQUE on votes.matchup_id",
        (
            Edit(
                "migrations/versions/0002_arena.py",
                '        sa.UniqueConstraint("matchup_id", name=op.f("uq_votes_matchup_id")),\n',
                "",
            ),
            Edit("app/arena/tables.py", 'ForeignKey("matchups.id"), unique=True)', 'ForeignKey("matchups.id"))'),
        ),
        ("tests/arena/test_storing.py", "-k", "by_itself"),
    ),
    Mutation(
        "the charge for skips",
        (
            Edit(
                "app/arena/voting/vote_casting.py",
                "if _is_uncharged(row, ballot.policy) else _new_vote",
                "if ballot.outcome != 'skip' and _is_uncharged(row, ballot.policy) else _new_vote",
            ),
        ),
        ("tests/security/test_charges.py", "tests/arena/test_policy.py", "-k", "skip"),
    ),
    Mutation(
        "the padding of blind files",
        (
            Edit(
                "app/arena/entries/renditions.py",
                "    filling = length - len(rendition) - CHUNK_HEADER\n",
                "    return rendition\n    filling = length - len(rendition) - CHUNK_HEADER\n",
            ),
        ),
        ("tests/web/test_blindness.py", "-k", "length or bytes"),
    ),
    Mutation(
        "the conversion of colours by their ICC profile",
        (
            Edit(
                "app/gateway/images.py",
                'describe_colours(data, image.format or "", image.info.get("icc_profile"))',
                'describe_colours(b"", "", None)',
            ),
        ),
        ("tests/arena/test_blind.py", "-k", "profile"),
    ),
    Mutation(
        "the list of headers of blind files",
        (
            Edit(
                "app/web/files.py",
                "Headers([(name, value) for name, value in sent if name.lower() in BLIND_HEADERS])",
                "sent",
            ),
        ),
        ("tests/web/test_blindness.py", "-k", "headers or the_views"),
    ),
    Mutation(
        "the check where a request comes from",
        (Edit("app/edge/origin.py", "    if not is_ours:\n", "    if not is_ours and not request:\n"),),
        ("tests/security/test_roles.py", "-k", "v3_5_1"),
    ),
    Mutation(
        "the list of trusted proxies",
        (
            Edit(
                "app/edge/proxies.py",
                "any(peer.version == network.version and peer in network for network in self._networks)",
                "peer is not None",
            ),
        ),
        ("tests/flows/test_proxies.py", "tests/security/test_cache.py", "-k", "believed or v4_1_3_https"),
    ),
    Mutation(
        "the binding of pictures to their voter",
        (
            Edit(
                "app/arena/voting/pictures.py",
                'Voter.token == bindparam("voter"),\n            Matchup.expires_at',
                'or_(Voter.token == bindparam("voter"), Voter.id > 0),\n            Matchup.expires_at',
            ),
        ),
        ("tests/web/test_blindness.py", "-k", "their_voter"),
    ),
    Mutation(
        "the binding of votes to their voter",
        (
            Edit(
                "app/arena/voting/vote_casting.py",
                '_VOTED.where(Matchup.public_id == bindparam("matchup"), Voter.token == bindparam("voter"))',
                '_VOTED.where(Matchup.public_id == bindparam("matchup"), '
                'or_(Voter.token == bindparam("voter"), Voter.id > 0))',
            ),
            Edit("app/arena/voting/vote_casting.py", "row if row and row.token == ballot.voter else None", "row"),
        ),
        ("tests/security/test_roles.py", "-k", "v8_2_2"),
    ),
    Mutation(
        "the secrecy of named pictures of open competitions",
        (
            Edit(
                "app/arena/voting/pictures.py",
                "if voter is not None and _has_judged(session, voter, row.id):",
                "if voter is not None:",
            ),
        ),
        ("tests/web/test_blindness.py", "-k", "judged"),
    ),
    Mutation(
        "one place for a picture that is judged blind",
        (
            Edit(
                "app/arena/entries/near_duplicates.py", "    if near:\n", "    if near and not perceptual_hash:\n"
            ),
        ),
        ("tests/security/test_named_copies.py", "-k", "named_picture"),
    ),
    Mutation(
        "the quote before formulas",
        (Edit("app/api/boards.py", '        return "\'" + value\n', "        return value\n"),),
        ("tests/security/test_injection.py", "-k", "formula"),
    ),
    Mutation(
        "full syncs of SQLite",
        (Edit("app/database/engines.py", '"synchronous=FULL"', '"synchronous=NORMAL"'),),
        ("tests/flows/test_faults_power.py",),
    ),
    Mutation(
        "the limit on what can be guessed",
        (
            Edit(
                "app/arena/voting/matchmaking.py",
                "limited = guessing.limit_chances(of_pair.reshape(meetings.shape) * meetings / 2, most / 2)",
                "limited = of_pair.reshape(meetings.shape) * meetings / 2 + 0 * most",
            ),
        ),
        ("tests/arena/test_adversary.py", "-k", "lanes_favour"),
    ),
    Mutation(
        "leaving a competition early",
        (
            Edit(
                "app/arena/voting/matchmaking.py",
                "remaining = guessing.drop_guessable(remaining)",
                "pass",
            ),
        ),
        ("tests/arena/test_guessing.py", "-k", "leaves_a_competition"),
    ),
    Mutation(
        "another competition for the second open pair",
        (
            Edit(
                "app/arena/voting/seen_pairs.py",
                "entries=names, competitions=busy, limits_guesses=True",
                "entries=names, limits_guesses=True",
            ),
            Edit(
                "app/arena/voting/matchup_storage.py",
                "return _RECORD_UNGUESSABLE if self.policy.limits_guesses else _RECORD",
                "return _RECORD",
            ),
        ),
        ("tests/arena/test_guessing.py", "-k", "second"),
    ),
    Mutation(
        "the end of all open pairs at a withdrawal",
        (
            Edit(
                "app/arena/entries/entries.py",
                "waiting = and_(Matchup.competition_id == entry.competition_id, Matchup.closed_at.is_(None))",
                "waiting = and_(Matchup.left_entry_id == entry.id, Matchup.closed_at.is_(None))",
            ),
        ),
        ("tests/arena/test_voting.py", "-k", "withdrawal"),
    ),
    Mutation(
        "the published chances of pictures that rest",
        (Edit("app/edge/integrity.py", "parts().pool.published_state(", "parts().pool.state("),),
        ("tests/security/test_public_answers.py", "-k", "opened"),
    ),
    Mutation(
        "named pictures alone in the public audit of qualities",
        (
            Edit(
                "app/leaderboards/integrity/picture_qualities.py",
                "IS_NAMED_FIELD if named_only else true()",
                "IS_NAMED_FIELD if named_only is None else true()",
            ),
        ),
        ("tests/security/test_other_makers.py",),
    ),
    Mutation(
        "named pictures alone in the public traces of files",
        (
            Edit(
                "app/leaderboards/integrity/audit.py",
                "read_traces(session, mode, named_only=True)",
                "read_traces(session, mode)",
            ),
        ),
        ("tests/security/test_other_makers.py",),
    ),
    Mutation(
        "the published chances of pictures that look alike",
        (Edit("app/arena/voting/pool.py", "meet_alike=True", "meet_alike=False"),),
        ("tests/security/test_other_makers.py",),
    ),
    Mutation(
        "named pictures alone in the size of a list price",
        (
            Edit(
                "app/leaderboards/views/generation_figures.py",
                "zip(zip(width, height, strict=True), named, strict=True) if is_named}",
                "zip(zip(width, height, strict=True), named, strict=True) if is_named is not None}",
            ),
        ),
        ("tests/leaderboards/test_generation_figures.py",),
    ),
    Mutation(
        "one shape for pictures of nearly one shape",
        (
            Edit(
                "app/arena/entries/renditions.py",
                "shown = decoded if is_edit else shape_alike(decoded, frame)",
                "shown = decoded",
            ),
        ),
        ("tests/arena/test_framing.py", "-k", "alike"),
    ),
    Mutation(
        "the network's day that only looking spends",
        (
            Edit(
                "app/arena/voting/matchup_storage.py",
                "check_left(\n                session, SEEN_BY_NETWORK, of_all",
                "check(\n                session, SEEN_BY_NETWORK, of_all",
            ),
        ),
        ("tests/arena/test_policy.py", "-k", "empty_requests"),
    ),
    Mutation(
        "the share of unfinished bodies",
        (
            Edit(
                "app/edge/body_deadlines.py",
                "self._by_client.get(client, 0) < self._share",
                "self._by_client.get(client, 0) < 1000 * self._share",
            ),
        ),
        ("tests/edge/test_body_reader.py", "-k", "share"),
    ),
    Mutation(
        "the deadline of bodies",
        (
            Edit(
                "app/edge/body_deadlines.py",
                "        self.release_late(time.monotonic())\n",
                "",
            ),
        ),
        ("tests/edge/test_body_reader.py", "-k", "in_time"),
    ),
    Mutation(
        "the places of the playground that uploads do not hold",
        (
            Edit(
                "app/web/playground.py",
                "    wanted = _read_form()  #",
                "    wanted = places.acquire() and _read_form()  #",
            ),
        ),
        ("tests/edge/test_threads.py", "-k", "hold_no_place"),
    ),
    Mutation(
        "one share for all addresses of a /64",
        (
            Edit(
                "app/edge/body_deadlines.py",
                "        return networks.single(self.address)\n",
                "        return self.address\n",
            ),
        ),
        ("tests/edge/test_body_reader.py", "-k", "choose_from"),
    ),
    Mutation(
        "conditions of one visitor kept from others",
        (
            Edit(
                "app/edge/page_cache.py",
                '"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"',
                '"HTTP_IF_NONE_MATCH"',
            ),
        ),
        ("tests/security/test_cache.py", "-k", "no_answer_for_others"),
    ),
    Mutation(
        "headers alone are no look",
        (
            Edit(
                "app/web/files.py",
                "    if file.is_first_time and is_sent:\n",
                "    if file.is_first_time:\n",
            ),
        ),
        ("tests/web/test_blindness.py", "-k", "headers_alone"),
    ),
    Mutation(
        "lengths that hide a newcomer",
        (
            Edit(
                "app/arena/entries/entries.py",
                "    if _is_judged(session, competition):\n",
                "    if False:\n",
            ),
        ),
        ("tests/arena/test_renditions.py", "-k", "newcomer"),
    ),
    Mutation(
        "checks of origin on the direct way",
        (
            Edit(
                "app/api/direct_voting.py",
                " or not is_from_here(environ):\n",
                ":\n",
            ),
        ),
        ("tests/security/test_direct_ways.py", "-k", "headers"),
    ),
)
