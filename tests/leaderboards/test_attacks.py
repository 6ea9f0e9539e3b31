"""The attack benchmark in small: what it shows, and that it shows the real code."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from app.arena.people.policy import PUBLIC
from app.database.doors import Database
from app.leaderboards.runs import verify
from app.ratings.suspicion import capped
from scripts.attacks import defence, evidence, gates, grid, stage, strategies, world
from scripts.attacks.arena import attacked
from scripts.attacks.command import attack_sim
from scripts.attacks.grid import Clean, Gain, Row, World
from scripts.attacks.strategies import Attack, Board

MODELS, VOTES = 16, 4000
QUIET = {"models": MODELS, "votes": VOTES, "seeds": 2, "skips": 0.1, "progress": lambda _: None}


@pytest.fixture(scope="module")
def calm() -> World:
    return grid.world(MODELS, VOTES, 3, skips=0.1)


def mixed(calm: World, attack: Attack) -> world.Ballots:
    more = strategies.ballots(attack, Board(calm.boards["none"].strength), VOTES, np.random.default_rng(4))
    return grid.mixed(calm.log, more, np.random.default_rng(5))


def test_skipping_for_free_gains_much_and_charged_and_watched_little() -> None:
    rows, clean = grid.run([Attack("F", 0.05, rank=8), Attack("D", 0.05, rank=8)], **QUIET)
    for row in rows:
        assert row.gains["none"].elo > 60
        assert row.gains["none"].ranks > 2
        assert abs(row.gains["all"].elo) < 6
    assert clean.excluded < 0.01
    assert clean.clipped < 0.15


def test_votes_on_all_pairs_gain_what_the_closed_form_says() -> None:
    [row], _ = grid.run([Attack("M", 0.1, rank=8)], **QUIET)
    assert row.gains["none"].elo == pytest.approx(33, abs=8)
    assert (row.votes, row.networks) == (444, 3)


def test_the_exposure_test_finds_skippers_of_five_votes_and_no_honest_voter(calm: World) -> None:
    log = mixed(calm, Attack("F", 0.05, rank=8, account=5, per_network=1))
    counted = capped(log.voter, log.network)
    board = defence.count(log, MODELS, "caps").board
    flagged = np.unique(log.voter[defence.suspects(log, counted, board, MODELS)])
    honest = int(calm.log.voter.max()) + 1
    attackers = int(log.voter.max()) + 1 - honest
    assert (flagged >= honest).sum() >= 0.95 * attackers
    assert (flagged < honest).sum() <= 0.005 * honest


def test_attackers_and_honest_voters_share_no_network(calm: World) -> None:
    log = mixed(calm, Attack("O", 0.1, rank=8))
    bought = log.voter > calm.log.voter.max()
    assert set(log.network[bought]).isdisjoint(log.network[~bought])
    assert log.cast[bought].sum() == Attack("O", 0.1).budget(VOTES)


def test_a_patient_attacker_pays_for_every_matchup() -> None:
    board = Board(np.linspace(1, -1, MODELS))
    paid = strategies.ballots(Attack("T", 0.05, rank=8), board, VOTES, np.random.default_rng(1))
    assert paid.voter.size == Attack("T", 0.05).budget(VOTES)
    assert set(np.append(paid.left[paid.cast][paid.left[paid.cast] == 7], 7)) == {7}
    assert ((paid.left == 7) | (paid.right == 7))[paid.cast].all()


def test_gates_fail_on_figures_beyond_their_limits() -> None:
    clean = Clean(0.004, 0.09, 2.0, 19.0, 21.0, 21.0)

    def row(strategy: str, elo: float) -> Row:
        return Row(Attack(strategy, 0.05), 1053, 6, {"all": Gain(0.0, elo)})

    assert all(gate.holds for gate in gates.gates([row("F", 6.0), row("T", 12.0), row("O", 9.0)], clean))
    found = [gate for gate in gates.gates([row("F", 6.1), row("T", 12.0), row("O", 9.1)], clean) if not gate.holds]
    assert [gate.name[0] for gate in found] == ["F", "O"]


def test_through_the_arena_votes_after_skips_count_for_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    """Through issuing, serving, voting, sweep and refresh; then as if there were no defence."""
    rng = np.random.default_rng(7)
    path = shutil.copy(sqlite_template, tmp_path / "arena.db")
    arena = stage.build(Database(f"sqlite:///{path}"), PUBLIC, 6, 2)
    for turn in range(12):
        arena.now += stage.LOOK * 10
        arena.vote(stage.token("honest", turn // 3), f"home {turn // 3}", lambda *_: str(rng.choice(["a", "b"])))
    before = arena.board()
    found = attacked(arena, Attack("F", 0.4, rank=4, account=8), "all", 12)
    # The names seen in a competition end what an account may judge there: its eighth vote finds no pair.
    assert (found.votes, found.gain.elo) == (7, 0)
    assert found.matchups > 14
    evidence.count_everything(arena)
    after = arena.board()
    assert (after - before).max() > 40
    assert verify.verify(arena.database).is_exact
    arena.database.close()


def test_the_command_prints_every_row() -> None:
    said = CliRunner().invoke(attack_sim, ["--models", "8", "--votes", "300", "--seeds", "1", "--json"])
    assert said.exit_code == 0, said.output
    answer = json.loads(said.stdout)
    assert {row["attack"]["strategy"] for row in answer["rows"]} == set(strategies.STRATEGIES)
    assert answer["gates"] == []
