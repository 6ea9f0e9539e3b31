"""
Rounds of voting through the production server: a pair, its two pictures for the first time, a vote.

    git worktree add /tmp/old b16c6f7
    python scripts/bench/rounds.py [/tmp/old] [--database sqlite|postgres] [--stored 1000,1000000,10000000]
        [--place local,s3] [--seconds 3] [--turns 5] [--worlds FOLDER]

Each connection is a voter who has the next pair and its pictures fetched before they vote on this one, as the
voting screen does, and who gives way to a new voter after some pairs. By turns in one run: this checkout, the
other one with pictures of the same length, and the floor, which stores the same with prepared statements on the
same stack (`scripts/bench/bare.py`). A round is four requests. CPU is that of the application's processes;
PostgreSQL's own is told beside it. Exits with 1 unless every bar holds. Client and server share the machine: trust
the ratios.

Without another checkout only the floor and growth are judged. Filled databases are made once and stay in
`--worlds`: ten million votes take 2.5 GB on SQLite, for each checkout.
Needs wrk (Debian: apt-get install wrk). The bucket of `s3` is the tests' own, on loopback, in this process.
"""

import argparse
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.bench.arguments import need_wrk, other_checkout
from scripts.bench.load import Plan, bare, cpu_of_processes
from scripts.bench.round_worlds import FILE_BYTES, PICTURE, Makings, open_world, put_picture, use_bucket
from scripts.faults.server import DATABASES, ROOT
from tests.gateway.bucket import bucket_server

PAIRS_A_VOTER = 20
"""Fewer than any voter could be shown here, so that no pair is refused."""
CPU_BARS = {"sqlite": 0.45, "postgres": 0.5}
"""The most of the other checkout's CPU that a round may cost."""
FLOOR_BAR = 0.8
"""The least of the floor's rounds a second."""
GROWTH_BAR = 0.9
"""The least of the rate at the fewest stored votes that the most stored votes leave."""
LUA = """
local threads = {}
setup = function(thread) threads[#threads + 1] = thread end

rounds, length, failures = 0, 0, {}
local cookie, waiting, issued, steps

local function add(kind, method, path, body)
  steps[#steps + 1] = {kind = kind, method = method, path = path, body = body}
end

local function fail(why) failures[why] = (failures[why] or 0) + 1 end

local function ask() add("pair", "POST", "/api/v1/matchups", "{}") end

local function begin()
  cookie, waiting, issued, steps = nil, nil, 0, {}
  ask()
end

local function vote(id)
  local outcome = id:byte(-2) % 2 == 0 and "a" or "b"
  add("vote", "POST", "/api/v1/matchups/" .. id .. "/vote", '{"outcome":"' .. outcome .. '"}')
end

local function look(id)
  add("picture", "GET", "/m/" .. id .. "/a.webp")
  add("picture", "GET", "/m/" .. id .. "/b.webp")
  if waiting then vote(waiting) end
  waiting, issued = id, issued + 1
  if issued == PAIRS_A_VOTER then vote(id) end
end

init = function() begin() end

request = function()
  local step = steps[1]
  local headers = {["Content-Type"] = "application/json"}
  if cookie then headers["Cookie"] = cookie end
  return wrk.format(step.method, step.path, headers, step.body)
end

response = function(status, headers, body)
  local step = table.remove(steps, 1)
  if status >= 400 then
    fail(step.kind .. " " .. status .. " " .. (body:match('"code": ?"([^"]+)"') or ""))
    return begin()
  end
  rounds = rounds + 0.25
  if step.kind == "pair" then
    for name, value in pairs(headers) do
      if name:lower() == "set-cookie" then cookie = value:match("^[^;]+") end
    end
    look(body:match('"id": ?"([^"]+)"'))
  elseif step.kind == "picture" then
    length = #body
  elseif body:find('"counted": ?false') then
    fail("vote not counted " .. (body:match('"reason": ?"([^"]+)"') or ""))
  end
  if #steps == 0 then
    if issued == PAIRS_A_VOTER then begin() else ask() end
  end
end

done = function(summary, latency)
  local all, most, whys, texts = 0, 0, {}, {}
  for name, count in pairs(summary.errors) do
    if name ~= "status" and count > 0 then whys[name .. " error"] = count end
  end
  for _, thread in ipairs(threads) do
    all, most = all + thread:get("rounds"), math.max(most, thread:get("length"))
    for why, count in pairs(thread:get("failures")) do whys[why] = (whys[why] or 0) + count end
  end
  for why, count in pairs(whys) do texts[#texts + 1] = string.format('"%s": %d', why, count) end
  io.write(string.format('{"rounds": %f, "micros": %d, "p99": %f, "failures": {%s}, "length": %d}\\n',
    all, summary.duration, latency:percentile(99) / 1000, table.concat(texts, ", "), most))
end
""".replace("PAIRS_A_VOTER", str(PAIRS_A_VOTER))


@dataclass(frozen=True)
class Turn:
    """Hold what one contender did in one turn: rounds a second, milliseconds of CPU a round, failures by kind."""

    rate: float
    cpu: float
    database_cpu: float
    failures: Counter[str]

    @property
    def bad(self) -> int:
        """Count the failures."""
        return self.failures.total()


@dataclass(frozen=True)
class Setting:
    """Describe where rounds are measured: the database, how many votes it stores, and where the pictures live."""

    database: str
    stored: int
    place: str


Turns = dict[str, list[Turn]]
"""The turns of each contender, in their order."""


def main() -> int:
    """Measure every setting by turns; print the table and whether the bars hold."""
    options = read_options()
    results: dict[Setting, Turns] = {}
    with ExitStack() as stack:
        worlds = options.worlds or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="blindvote-rounds-"))
        )
        # PostgreSQL does not run as root: its own user must come through to its data.
        worlds.mkdir(parents=True, exist_ok=True)
        worlds.chmod(0o755)
        for place in options.place.split(","):
            results |= measure_place(worlds, place, options)
    print_table(results)
    return 0 if all([*judge_ratios(results), *judge_growth(results)]) else 1


def read_options() -> argparse.Namespace:
    """Read the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("other", type=other_checkout, nargs="?", help="the checkout to compare with")
    arguments.add_argument("--database", choices=DATABASES, default="sqlite")
    arguments.add_argument("--stored", default="1000", help="votes, one number or several")
    arguments.add_argument("--place", default="local", help="local, s3 or both")
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--turns", type=int, default=5)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--worlds", type=Path, help="where the filled databases stay for the next run")
    need_wrk(arguments)
    return arguments.parse_args()


def measure_place(worlds: Path, place: str, options: argparse.Namespace) -> dict[Setting, Turns]:
    """Have every contender run at every size by turns, all of them up at the same time."""
    with ExitStack() as stack:
        plans = {
            Setting(options.database, int(stored), place): start_contenders(
                stack, worlds, int(stored), place, options
            )
            for stored in options.stored.split(",")
        }
        for plan in (plan for contenders in plans.values() for plan in contenders.values()):
            plan.drive(LUA, {}, threads=plan.connections)
        results: dict[Setting, Turns] = {setting: {name: [] for name in plans[setting]} for setting in plans}
        for turn in range(options.turns):
            for setting, contenders in plans.items():
                for name in sorted(contenders, reverse=bool(turn % 2)):
                    results[setting][name].append(measure_rounds(contenders[name]))
        return results


def start_contenders(
    stack: ExitStack, worlds: Path, stored: int, place: str, options: argparse.Namespace
) -> dict[str, Plan]:
    """Start this checkout, the other one and the floor beside this one, each with so many votes stored."""
    plans: dict[str, Plan] = {}
    others = [("other", options.other.resolve())] if options.other else []
    for name, checkout in [*others, ("this", ROOT)]:
        makings = Makings(name, checkout, options.database, stored, options.workers)
        server = stack.enter_context(open_world(worlds, makings))
        put_picture(server)
        if place == "s3":
            use_bucket(server, stack.enter_context(bucket_server()))
        server.start()
        plans[name] = Plan(server, options.database, stored, options.seconds, options.connections)
    floor = stack.enter_context(bare(plans["this"].server, b"", PICTURE))
    return plans | {"floor": Plan(floor, options.database, stored, options.seconds, options.connections)}


def measure_rounds(plan: Plan) -> Turn:
    """Have voters vote for as long as planned. Raises ValueError where pictures have another length than meant."""
    cluster = plan.server.cluster
    before = cpu_of_processes(cluster.processes()) if cluster else 0
    found, busy = plan.drive(LUA, {}, threads=plan.connections)
    database_busy = cpu_of_processes(cluster.processes()) - before if cluster else 0
    if found["length"] != FILE_BYTES:
        raise ValueError(f"pictures of {found['length']} bytes were sent in the place of {FILE_BYTES}")
    rounds = max(found["rounds"], 1)
    failures = Counter(found["failures"])
    return Turn(rounds / found["micros"] * 1e6, busy / rounds * 1e3, database_busy / rounds * 1e3, failures)


def print_table(results: dict[Setting, Turns]) -> None:
    """Print a line for each contender of each setting: medians of its turns, and of the ratios turn by turn."""
    print(f"pictures of {FILE_BYTES // 1024} KiB; CPU in milliseconds a round, that of PostgreSQL in brackets")
    print(
        f"{'database':<9} {'stored':>10} {'pictures':<8} {'who':<6} {'rounds/s':>9} {'CPU':>14} "
        f"{'of other':>9} {'of floor':>9} {'bad':>4}"
    )
    for setting, turns in results.items():
        for name, own in turns.items():
            cpu = f"{middle(turn.cpu for turn in own):.2f} ({middle(turn.database_cpu for turn in own):.2f})"
            of_other = f"{cpu_ratio(own, turns['other']):.2f}" if "other" in turns else "-"
            print(
                f"{setting.database:<9} {setting.stored:>10,} {setting.place:<8} {name:<6} "
                f"{middle(turn.rate for turn in own):>9.0f} {cpu:>14} {of_other:>9} "
                f"{rate_ratio(own, turns['floor']):>9.2f} {sum(turn.bad for turn in own):>4}"
            )


def judge_ratios(results: dict[Setting, Turns]) -> list[bool]:
    """Print and return for every setting whether CPU and rate hold their bars and nothing failed."""
    verdicts = []
    for setting, turns in results.items():
        where = f"{setting.database}, {setting.stored:,} votes, {setting.place}"
        rate, bad = (
            rate_ratio(turns["this"], turns["floor"]),
            sum(turn.bad for own in turns.values() for turn in own),
        )
        verdicts += [rate >= FLOOR_BAR, not bad]
        print(f"{tell(rate >= FLOOR_BAR)}: {where}: {rate:.2f} of the floor's rate (at least {FLOOR_BAR})")
        print(f"{tell(not bad)}: {where}: {bad} requests failed (none)")
        for name, own in turns.items():
            for why, count in sum((turn.failures for turn in own), Counter[str]()).items():
                print(f"  {name}: {count} of {why}")
        if "other" in turns:
            cpu, bar = cpu_ratio(turns["this"], turns["other"]), CPU_BARS[setting.database]
            verdicts.append(cpu <= bar)
            print(f"{tell(cpu <= bar)}: {where}: {cpu:.2f} of the other's CPU (at most {bar})")
    return verdicts


def judge_growth(results: dict[Setting, Turns]) -> list[bool]:
    """Print and return for every place whether rounds keep their rate from the fewest stored votes to the most."""
    verdicts = []
    for place in dict.fromkeys(setting.place for setting in results):
        here = sorted((setting for setting in results if setting.place == place), key=lambda one: one.stored)
        if len(here) > 1:
            ratio = rate_ratio(results[here[-1]]["this"], results[here[0]]["this"])
            verdicts.append(ratio >= GROWTH_BAR)
            print(
                f"{tell(verdicts[-1])}: {place}: {ratio:.2f} of the rate at {here[0].stored:,} votes "
                f"when {here[-1].stored:,} are stored (at least {GROWTH_BAR})"
            )
    return verdicts


def tell(holds: bool) -> str:
    """Name the verdict on a bar."""
    return "holds" if holds else "MISSED"


def middle(numbers: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(numbers)


def cpu_ratio(own: Sequence[Turn], others: Sequence[Turn]) -> float:
    """Return the median ratio of CPU a round, turn by turn."""
    return middle(one.cpu / other.cpu for one, other in zip(own, others, strict=True))


def rate_ratio(own: Sequence[Turn], others: Sequence[Turn]) -> float:
    """Return the median ratio of rounds a second, turn by turn."""
    return middle(one.rate / other.rate for one, other in zip(own, others, strict=True))


if __name__ == "__main__":
    sys.exit(main())
