"""Requests as JSON and as forms send them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.errors import InvalidParameter
from app.gateway.request import read_request, unfold


def read(**values: Any) -> Any:
    return read_request("generation", {"prompt": "x", **values})


def test_the_least_a_client_sends() -> None:
    found = read()
    assert (found.model, found.n, found.wish.is_empty, found.response_format) == (None, 1, True, None)


def test_null_is_no_value() -> None:
    assert read(n=None, size=None, model=None, quality=None) == read()


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ({"n": 1.0}, {}),
        ({"n": 2.0}, {"n": 2}),
        ({"n": "2.0"}, {"n": 2}),
        ({"n": "", "size": "", "model": "", "response_format": "", "seed": "", "user": ""}, {}),
        (
            {"response_format": "B64_JSON", "output_format": "PNG"},
            {"response_format": "b64_json", "output_format": "png"},
        ),
        ({"output_format": "JPG"}, {"output_format": "jpeg"}),
        ({"quality": "HIGH", "background": "Transparent"}, {"quality": "high", "background": "transparent"}),
        ({"size": "AUTO", "aspect_ratio": "Auto"}, {"size": "auto", "aspect_ratio": "auto"}),
        ({"stream": "False", "strict": "TRUE", "fit": "Exact"}, {"strict": True, "fit": "exact"}),
        ({"size": " auto "}, {"size": "auto"}),
        ({"resolution": "1024x768"}, {"size": "1024x768"}),
        ({"resolution": "1024 * 768", "aspect_ratio": "1:1"}, {"size": "1024x768", "aspect_ratio": "1:1"}),
    ],
)
def test_the_same_in_other_words(sent: dict[str, Any], meant: dict[str, Any]) -> None:
    assert read(**sent) == read(**meant)


def test_other_providers_words_keep_their_capitals() -> None:
    assert read(style="DESIGN", style_type="REALISTIC").extra == {"style": "DESIGN", "style_type": "REALISTIC"}


def test_a_form_sends_text() -> None:
    found = read(n="3", strict="true", output_compression="50", stream="false")
    assert (found.n, found.strict, found.output_compression, found.stream) == (3, True, 50, False)


def test_what_is_not_ours_passes_through() -> None:
    assert read(quality="hd", user="u", seed=5, deep={"a": [1]}).extra == {
        "quality": "hd",
        "user": "u",
        "seed": 5,
        "deep": {"a": [1]},
    }


def test_nested_form_names() -> None:
    assert unfold({"nest[a]": "1", "nest[b]": "2", "lst[]": ["x", "y"], "one[]": "z", "plain": "p"}) == {
        "nest": {"a": "1", "b": "2"},
        "lst": ["x", "y"],
        "one": ["z"],
        "plain": "p",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", ""),
        ("prompt", "  "),
        ("prompt", 5),
        ("prompt", "x" * 32_001),
        ("n", 0),
        ("n", 11),
        ("n", -1),
        ("n", 1.5),
        ("n", True),
        ("n", "ten"),
        ("n", "99999"),
        ("n", [1]),
        ("size", 1024),
        ("size", "big"),
        ("size", "0x10"),
        ("size", "100000x1"),
        ("aspect_ratio", "0:1"),
        ("aspect_ratio", "wide"),
        ("resolution", "huge"),
        ("response_format", "xml"),
        ("response_format", []),
        ("output_format", "tiff"),
        ("output_compression", 101),
        ("output_compression", -1),
        ("model", 7),
        ("strict", "maybe"),
        ("stream", 1),
        ("partial_images", 4),
        ("strict", {}),
        ("stream", [True]),
        ("fit", "cover"),
    ],
)
def test_a_bad_value_names_its_parameter(name: str, value: object) -> None:
    with pytest.raises(InvalidParameter) as caught:
        read(**{name: value})
    assert caught.value.param == name


def test_files_belong_to_edits() -> None:
    for operation, images, param in (
        ("generation", (b"x",), "image"),
        ("edit", (), "image"),
        ("variation", (b"x", b"y"), "image"),
        ("edit", (b"x",) * 17, "image"),
    ):
        with pytest.raises(InvalidParameter) as caught:
            read_request(operation, {"prompt": "x"}, images=images)  # type: ignore[arg-type]
        assert caught.value.param == param


def test_a_variation_needs_no_prompt() -> None:
    assert read_request("variation", {}, images=(b"x",)).prompt == ""


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["prompt", "n", "size", "aspect_ratio", "resolution", "output_format", "response_format", "fit", "model", "x"]
)


@given(st.dictionaries(names, json))
def test_anything_is_read_or_refused(values: dict[str, Any]) -> None:
    try:
        found = read_request("generation", values)
    except InvalidParameter:
        return
    assert 1 <= found.n <= 10
