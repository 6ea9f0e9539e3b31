"""Questions on pages and in the API: what is asked, by form and as JSON, and a board of each."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.arena import questions
from app.arena.entries.competitions import set_status
from app.leaderboards.runs import refresh
from app.web.arena import read_wish
from tests.web.factories import MODELS, competition, moment, parts_of, post

PROMPT = "Which follows the prompt more closely?"
BETTER = "Which is better?"
BOARD = "/leaderboards/text-to-image"


@pytest.fixture
def asking(arena: Flask) -> Flask:
    """An arena that asks `prompt` beside `better`."""
    parts_of(arena).database.write(lambda session: questions.add_question(session, "prompt", now=moment()))
    return arena


def ask(client: FlaskClient, question: str) -> str:
    """The page of a pair that asks a question."""
    answer = post(client, "/arena", question=question)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def vote_on(app: Flask, question: str, votes: int = 6) -> None:
    for number in range(votes):
        client = app.test_client()
        place = ask(client, question).partition("?")[0]
        post(client, f"{place}/vote", outcome="ab"[number % 2])


def told(html: str) -> list[str]:
    """What the bar shows, and what is read out before the prompt."""
    bar = re.search(r'<p class="asks"[^>]*?( hidden)?>([^<]*)</p>', html)
    aloud = re.search(r'<h1 [^>]*>\s*<span class="aloud"[^>]*?( hidden)?>([^<]*)</span>\s*<button', html)
    assert bar
    assert aloud
    return [one[2] for one in (bar, aloud) if not one[1]]


def test_an_arena_of_one_question_says_nothing_of_it(arena: Flask, client: FlaskClient) -> None:
    html = client.get(post(client, "/arena").headers["Location"]).text
    assert told(html) == []
    assert 'name="question"' not in html
    assert client.get(BOARD).text.count('aria-label="Questions"') == 0


def test_a_question_that_alone_has_votes_can_be_found(asking: Flask, client: FlaskClient) -> None:
    vote_on(asking, "prompt")
    refresh.rebuild(parts_of(asking).database, "text-to-image", now=moment())
    for page in (BOARD, "/competitions/a-red-cube", f"/compare/{MODELS[0].slug}/{MODELS[1].slug}"):
        html = client.get(page).text
        assert f'href="{page}?question=prompt">{PROMPT}</a>' in html, page
        assert f'href="{page}" aria-current="page">{BETTER}</a>' in html, page


def test_a_question_whose_votes_were_all_taken_back_is_not_compared(asking: Flask, client: FlaskClient) -> None:
    place = ask(client, "prompt").partition("?")[0]
    database = parts_of(asking).database
    compared = f'<th scope="row">{PROMPT}</th>'
    for deed, is_there in ((f"{place}/vote", True), (f"{place}/undo", False)):
        post(client, deed, outcome="a")
        vote_on(asking, "better", 2)
        refresh.rebuild(database, "text-to-image", now=moment())
        assert (compared in client.get("/methodology").text) == is_there, deed


def test_the_pair_on_the_front_page_tells_votes_on_which_is_better_alone(app: Flask) -> None:
    competition(app, models=MODELS[:2])
    parts_of(app).database.write(lambda session: questions.add_question(session, "prompt", now=moment()))
    for question, votes in (("prompt", 6), ("better", 2)):
        vote_on(app, question, votes)
    parts_of(app).database.write(lambda session: set_status(session, "a-red-cube", "closed", now=moment()))
    caption = re.sub(r"<[^>]*>|\s+", " ", app.test_client().get("/").text.partition("<figcaption")[2])
    assert re.search(r"closed\s+· (2 votes, even|[12] of 2 votes for)", caption)


@pytest.mark.any_database
@pytest.mark.parametrize(("slug", "words"), [("better", BETTER), ("prompt", PROMPT)])
def test_a_chosen_question_is_shown_and_read_out_first(
    asking: Flask, client: FlaskClient, slug: str, words: str
) -> None:
    place = ask(client, slug)
    assert f"question={slug}" in place
    html = client.get(place).text
    assert told(html) == [words, words]
    assert f'<option value="{slug}" selected>' in html


def test_a_choice_of_question_is_kept_from_pair_to_pair_without_a_script(asking: Flask) -> None:
    client = asking.test_client()
    place = ask(client, "prompt")
    answer = post(client, f"{place.partition('?')[0]}/vote", outcome="a", question="prompt")
    html = client.get(answer.headers["Location"]).text
    assert '<input type="hidden" name="question" value="prompt">' in html
    assert read_wish({"question": "prompt"}).question == "prompt"


def is_marked(html: str) -> bool:
    """Tell whether the page marks its question as another than the last one."""
    asks = re.search(r'<p class="asks"[^>]*>', html)
    assert asks
    return "data-changed" in asks[0]


@pytest.mark.any_database
@pytest.mark.parametrize("answer", ["a", "both_bad", "skip", "undone"])
def test_a_change_of_question_is_marked_without_a_script(asking: Flask, answer: str) -> None:
    client, marks = asking.test_client(), []
    for question in ("prompt", "prompt", "better", "better", "prompt"):
        place = ask(client, question)
        marks.append(is_marked(client.get(place).text))
        assert is_marked(client.get("/arena").text) == marks[-1]
        path = place.partition("?")[0]
        post(client, f"{path}/vote", outcome="b" if answer == "undone" else answer, question=question)
        if answer == "undone":
            post(client, f"{path}/undo")
        assert not is_marked(client.get(place).text)
    assert marks == [False, False, True, False, True]


def test_a_change_of_question_is_marked_after_a_pair_that_was_given_back(asking: Flask) -> None:
    client, marks = asking.test_client(), []
    place = ask(client, "prompt")
    for question in ("prompt", "better", "better"):
        answer = post(client, f"{place.partition('?')[0]}/vote", outcome="unloadable", question=question)
        place = answer.headers["Location"]
        marks.append(is_marked(client.get(place).text))
    assert marks == [False, True, False]


def test_forty_pairs_without_a_script_each_say_what_they_ask_and_mark_a_change(asking: Flask) -> None:
    for slug in ("a-red-cube", "a-blue-cat", "a-green-dog"):
        competition(asking, slug)
    words, asked, marks = {PROMPT: "prompt", BETTER: "better"}, [], []
    for _ in range(4):
        client = asking.test_client()
        for _ in range(10):
            html = client.get(post(client, "/arena").headers["Location"]).text
            shown, aloud = told(html)
            assert shown == aloud
            asked.append(words[shown])
            marks.append(is_marked(html))
            [place] = re.findall(r'action="(/arena/[^"]+)/vote"', html)
            assert post(client, f"{place}/vote", outcome="a").status_code == 303
        changes = [False] + [one != other for one, other in pairwise(asked[-10:])]
        assert marks[-10:] == changes
    assert len(asked) == 40
    assert set(asked) == {"prompt", "better"}


def test_nothing_is_marked_where_only_one_question_is_asked(arena: Flask, client: FlaskClient) -> None:
    for outcome in ("a", "skip", "unloadable"):
        path = post(client, "/arena").headers["Location"]
        assert not is_marked(client.get(path).text)
        post(client, f"{path}/vote", outcome=outcome)


def test_a_pair_as_json_says_what_it_asks(asking: Flask, client: FlaskClient) -> None:
    body = client.post("/api/v1/matchups", json={"question": "prompt"}).get_json()
    assert body["question"] == {"slug": "prompt", "words": PROMPT}
    refused = client.post("/api/v1/matchups", json={"question": "beauty"})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (404, "unknown_question")


@pytest.mark.any_database
@pytest.mark.parametrize("outcome", ["a", "tie", "skip", "unloadable"])
@pytest.mark.parametrize("question", ["better", "prompt"])
def test_a_vote_as_json_says_what_was_asked(asking: Flask, question: str, outcome: str) -> None:
    client = asking.test_client()
    pair = f"/api/v1/matchups/{client.post('/api/v1/matchups', json={'question': question}).get_json()['id']}"
    vote = client.post(f"{pair}/vote", json={"outcome": outcome})
    assert vote.get_json()["question"] == question, vote.text
    if outcome != "unloadable":
        assert client.post(f"{pair}/vote", json={"outcome": outcome}).get_json()["question"] == question
        assert client.get(pair).get_json()["question"] == question


def test_a_model_as_json_tells_its_ratings_by_question(asking: Flask, client: FlaskClient) -> None:
    assert client.get("/api/v1/models/hidden-model-a").get_json()["questions"] == []
    vote_on(asking, "better", 20)
    vote_on(asking, "prompt", 20)
    body = client.get("/api/v1/models/hidden-model-a").get_json()
    [one] = body["questions"]
    [board] = [board for board in body["boards"] if board["mode"] == "text-to-image"]
    asked = client.get("/api/v1/leaderboards/text-to-image?question=prompt").get_json()
    [standing] = [row for row in asked["standings"] if row["model"]["slug"] == "hidden-model-a"]
    assert (one["question"], one["words"], one["better"]) == ("prompt", PROMPT, board["rating"])
    assert [one[name] for name in ("rating", "rank", "votes")] == [
        standing[name] for name in ("rating", "rank", "votes")
    ]
    assert 0 < one["borrowed"] < 1
    assert abs(one["difference"]) <= abs(one["rating"] - one["better"])


def test_each_question_has_boards_with_addresses_of_their_own(asking: Flask, client: FlaskClient) -> None:
    vote_on(asking, "better")
    vote_on(asking, "prompt", 9)
    plain, other = client.get(BOARD).text, client.get(f"{BOARD}?question=prompt").text
    assert "<b>6</b> counted votes" in plain
    assert "<b>9</b> counted votes" in other
    assert f'href="{BOARD}?question=prompt"' in plain
    assert f"{PROMPT}</title>" in other or PROMPT in other
    assert "Borrowed" in other
    assert "Borrowed" not in plain
    assert client.get(f"{BOARD}?question=beauty").status_code == 404


def test_the_api_takes_the_question(asking: Flask, client: FlaskClient) -> None:
    vote_on(asking, "better")
    vote_on(asking, "prompt", 9)
    body = client.get(f"/api/v1{BOARD}?question=prompt").get_json()
    assert (body["board"]["question"], body["run"]["votes"]) == ("prompt", 9)
    assert all(0 < row["borrowed"] <= 1 for row in body["standings"])
    same = [client.get(f"/api/v1{BOARD}{query}").get_json() for query in ("", "?question=better", "?question=")]
    assert [one["run"]["votes"] for one in same] == [6, 6, 6]
    table = client.get(f"/api/v1{BOARD}?question=prompt&format=csv")
    assert table.headers["Content-Disposition"].endswith('"text-to-image-prompt.csv"')


@pytest.mark.any_database
@pytest.mark.parametrize(
    "page",
    [
        lambda slug: f"/charts/text-to-image?question={slug}",
        lambda slug: f"/compare/hidden-model-a/hidden-model-b?question={slug}",
        lambda slug: f"{BOARD}/feed.atom?question={slug}",
    ],
)
def test_other_pages_take_the_question(asking: Flask, client: FlaskClient, page: Callable[[str], str]) -> None:
    vote_on(asking, "prompt", 9)
    assert client.get(page("beauty")).status_code == 404


def test_own_votes_say_what_was_asked_and_own_boards_are_by_question(asking: Flask) -> None:
    client = asking.test_client()
    for question in ("better", "prompt"):
        place = ask(client, question).partition("?")[0]
        post(client, f"{place}/vote", outcome="a")
    page, other = client.get("/me").text, client.get("/me?question=prompt").text
    assert page.count(f'<p class="quiet">{PROMPT} · ') == 1
    assert 'href="/me?question=prompt"' in page
    assert f'aria-current="page">{PROMPT}' in other
    assert "On top, by 1 vote of yours" in page
    assert "On top, by 1 vote of yours" in other
    assert client.get("/me?question=beauty").status_code == 404


def test_a_voter_of_one_question_has_the_board_and_the_card_of_it(asking: Flask) -> None:
    client = asking.test_client()
    for _ in range(3):
        post(client, f"{ask(client, 'prompt').partition('?')[0]}/vote", outcome="a")
    page, card = client.get("/me").text, client.get("/me/card").text
    assert "On top, by 3 votes of yours" in page
    assert f"Asked: {PROMPT}" in page
    assert f"3 votes by you in all on “{PROMPT}”" in card
    assert '<input type="hidden" name="question" value="prompt">' in card
    place = post(client, "/taste", mode="text-to-image", question="prompt").headers["Location"]
    shared = client.get(place).text
    assert f"“{PROMPT}”" in shared
    told = client.get(f"/api/v1{place}").get_json()
    assert (told["question"], told["words"], told["votes"]) == ("prompt", PROMPT, 3)
    assert client.get(f"{place}/card.png").status_code == 200
    assert client.post("/api/v1/taste", json={"mode": "text-to-image"}).status_code == 409
    assert client.post("/api/v1/taste", json={"question": "beauty"}).status_code == 404


def test_a_card_is_about_the_question_that_most_of_its_votes_answered(asking: Flask) -> None:
    client = asking.test_client()
    for question in ("better", "prompt", "prompt", "better", "prompt"):
        post(client, f"{ask(client, question).partition('?')[0]}/vote", outcome="a")
    card = client.get("/api/v1/taste").get_json()
    assert (card["judged"], card["question"], card["votes"], card["narrowing"]["votes"]) == (5, "prompt", 3, 3)
    post(client, f"{ask(client, 'better').partition('?')[0]}/vote", outcome="a")
    card = client.get("/api/v1/taste").get_json()
    assert (card["question"], card["votes"], card["agreement"]["compared"]) == ("better", 3, 0)


def test_a_model_page_and_the_methodology_tell_the_questions_apart(asking: Flask, client: FlaskClient) -> None:
    texts = ("/llms.txt", "/models/hidden-model-a/llms.txt")
    for path in ("/models/hidden-model-a", "/methodology", "/charts/text-to-image", *texts):
        assert PROMPT not in client.get(path).text
    vote_on(asking, "better", 20)
    vote_on(asking, "prompt", 20)
    model = client.get("/models/hidden-model-a").text
    assert f'href="{BOARD}?question=prompt">{PROMPT}</a>' in model
    assert re.search(r"<b>.?\d+</b> Elo ±\d+", model)
    board = f"http://localhost{BOARD}?question=prompt"
    assert f"- [Text to image, “{PROMPT}”]({board}): as [JSON]" in client.get("/llms.txt").text
    told = client.get("/models/hidden-model-a/llms.txt").text
    assert re.search(rf"- Text to image, “{re.escape(PROMPT)}”: \d+ Elo, \d+ votes; .?\d+ ±\d+ Elo against", told)
    method = client.get("/methodology").text
    assert 'id="questions"' in method
    assert re.search(r"<td>\d\.\d\d <span class=\"quiet\">\d\.\d\d to \d\.\d\d</span></td>", method)
    assert f"“{PROMPT}” against “Which is better?”" in client.get("/charts/text-to-image").text
