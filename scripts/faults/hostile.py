"""What clients send that mean harm, or are broken: JSON bodies, paths, queries, headers and cookies."""

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

Body = dict[str, Any]

HUGE = ("9" * 30, "-1", "0", "1e400", "2147483648", "9223372036854775808", "\u0663", "0x10", "1_000", " 1 ")
WORDS = (
    *(
        "",
        "\0",
        "a\0b",
        "\ud800",
        "\u202e\ufeff",
        "é",
        "💥",
        "x" * 5000,
        "%00",
        "%ff",
        "%2e%2e%2f",
        "..\\..\\",
        "../../x",
    ),
    *(
        "' OR 1=1--",
        '"; DROP TABLE votes; --',
        "id;drop",
        "{{7*7}}",
        "${7*7}",
        "<svg onload=alert(1)>",
        "=cmd|'/C calc'!A0",
    ),
    *(
        "\r\nSet-Cookie: x=1",
        "text-to-image",
        "image-edit",
        "a",
        "tie",
        "null",
        "true",
        "[]",
        "{}",
        "NaN",
        "Infinity",
    ),
    *HUGE,
)
NAMES = (
    *("mode", "category", "competition", "model", "outcome", "prompt", "n", "size", "quality", "format", "sort"),
    *("order", "creator", "provider", "status", "max_price", "q", "page", "models", "price", "tag", "include"),
    *(
        "fields",
        "next",
        "number",
        "action",
        "decided",
        "reason",
        "form_token",
        "subject",
        "target",
        "title",
        "name",
    ),
    *("password", "new_password", "role", "sample", "voter_id", "counted", "weight", "spend", "schema", "dryRun"),
)
HEADERS = (
    *(
        "Accept",
        "Accept-Encoding",
        "Authorization",
        "Content-Type",
        "Content-Length",
        "Cookie",
        "Forwarded",
        "Host",
    ),
    *(
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "Origin",
        "Range",
        "Referer",
        "Sec-Fetch-Site",
        "User-Agent",
    ),
    *("Transfer-Encoding", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override"),
    *("X-Original-URL", "X-Request-ID"),
)
METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "CONNECT",
    "X" * 9,
)
TYPES = (
    *(
        "application/json",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
    ),
    *("multipart/form-data; boundary=b", "multipart/form-data", "application/vnd.api+json", "\u00e9/\u00e9"),
)
VARIABLE = re.compile(r"<(?:[^:<>]+:)?([a-z_]+)>")

words = st.sampled_from(WORDS) | st.text(max_size=12)
names = st.sampled_from(NAMES) | words
numbers = st.integers() | st.sampled_from([10**400, -(10**30), 2**63, 1e308, -0.0]) | st.floats()
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


def _deep(depth: int, opening: str, closing: str) -> bytes:
    return (opening * depth + closing * depth).encode()


def _object(pairs: list[tuple[str, Any]]) -> bytes:
    """Write a JSON object with names as often as they were given, and with NaN and lone surrogates as they are."""
    text = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs)
    return f"{{{text}}}".encode()


raw_json = (
    st.lists(st.tuples(names, values), max_size=4).map(_object)
    | st.lists(st.tuples(st.sampled_from(["outcome", "mode", "prompt"]), values), max_size=3).map(_object)
    | st.builds(
        _deep,
        st.sampled_from([1, 60, 1000, 20_000]),
        st.sampled_from(["[", '{"a":', '{"mode":[']),
        st.sampled_from(["]", "}", ""]),
    )
    | st.sampled_from(
        [b'{"n": ' + b"9" * 5000 + b"}", b"\xff\xfe", b'{"prompt": "\xed\xa0\x80"}', b"\xef\xbb\xbf{}"]
    )
    | st.binary(max_size=40)
    | values.map(lambda value: json.dumps(value).encode())
)
"""Bodies that a JSON parser meets: deep, doubled, not finite, not UTF-8, not closed."""

forms = st.lists(st.tuples(names, words), max_size=5).map(
    lambda pairs: urlencode(pairs, errors="surrogatepass").encode()
)
bodies = (
    raw_json | forms | st.binary(max_size=60).map(lambda data: b"--b\r\nContent-Disposition: form-data; " + data)
)
queries = st.lists(st.tuples(names, words), max_size=4).map(
    lambda pairs: urlencode(pairs, errors="surrogatepass")
) | st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=20)
header_values = words.map(lambda text: text.encode("utf-8", "surrogatepass").decode("latin-1"))
headers = st.dictionaries(st.sampled_from(HEADERS), header_values, max_size=3)


def _decoded(text: str) -> str:
    """Decode a path as a WSGI server hands it over: its bytes as Latin-1."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


@st.composite
def paths(draw: st.DrawFn, rules: list[str], known: dict[str, list[str]]) -> str:
    """Fill each variable of a rule with something known, or with something that it is not meant for."""

    def fill(found: re.Match[str]) -> str:
        right = st.sampled_from(known.get(found[1], ["x"]))
        return draw(right | right | right | words)

    path = VARIABLE.sub(fill, draw(st.sampled_from(rules)))
    tail = draw(st.sampled_from([*[""] * 14, "/", "//", "/..", "%2f", ";x", "\\"]))
    return _decoded(path + tail)


@st.composite
def requests(draw: st.DrawFn, rules: list[str], known: dict[str, list[str]]) -> dict[str, Any]:
    """Draw the environment of a request, as only a hostile client and a lenient server could make it."""
    body = draw(st.just(b"") | bodies)
    environ = {
        "REQUEST_METHOD": draw(st.sampled_from(METHODS)),
        "PATH_INFO": draw(paths(rules, known)),
        "QUERY_STRING": draw(queries | st.just("")),
        "CONTENT_TYPE": draw(st.sampled_from(TYPES)),
        "body": body,
        "CONTENT_LENGTH": draw(st.sampled_from([str(len(body))] * 4 + ["", "-1", "x", "99999999999999999999"])),
    }
    sent = draw(st.sampled_from([{"Sec-Fetch-Site": "same-origin"}, {}])) | draw(headers)
    for name, value in sent.items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ


PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA"
    "DUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

ERROR: Body = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string", "minLength": 1},
                "type": {
                    "enum": [
                        "invalid_request_error",
                        "authentication_error",
                        "insufficient_quota",
                        "permission_error",
                        "rate_limit_error",
                    ]
                },
                "param": {"type": "string", "nullable": True},
                "code": {"type": "string", "pattern": "^[a-z_]+$"},
            },
        }
    },
}
PROPERTIES: Body = {
    "model": {"enum": ["pixel-mini", "poster-pro", "painter/neon-turbo", "dall-e-2", "nobody"]},
    "prompt": {"type": "string"},
    "n": {"type": "integer"},
    "size": {"type": "string", "pattern": "^(auto|[1-9][0-9]{1,4}x[1-9][0-9]{1,4})$"},
    "aspect_ratio": {"type": "string", "pattern": "^[1-9][0-9]?:[1-9][0-9]?$"},
    "resolution": {"enum": ["0.5K", "1K", "2K", "9K", ""]},
    "output_format": {"enum": ["png", "jpeg", "gif", "webp", "avif"]},
    "output_compression": {"type": "integer"},
    "response_format": {"enum": ["url", "b64_json"]},
    "stream": {"type": "boolean"},
    "seed": {"type": "integer"},
    "strict": {"type": "boolean"},
}


def gateway_document() -> Body:
    """Describe the OpenAI-compatible routes as a document; requests that would draw mostly ask for an estimate."""
    refusals = dict.fromkeys(("400", "401", "402", "403", "404", "405", "413", "415", "429"), _answer(ERROR))
    listed = {"type": "object", "required": ["object", "data"]}
    estimate = {"type": "object", "required": ["estimated", "model", "total_cost_micros", "adjustments"]}
    drawn = {"type": "object", "required": ["created", "data", "size", "output_format", "metadata"]}
    dry = {"name": "dryRun", "in": "query", "required": True, "schema": {"enum": ["true"]}}
    strict = {"name": "strict", "in": "query", "schema": {"type": "string"}}
    model = {"name": "model_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    schema = {"name": "schema", "in": "query", "schema": {"type": "string"}}
    file = {"type": "object", "properties": {"image_url": {"enum": [PIXEL, PIXEL[:-20], "https://127.0.0.1/x"]}}}
    images = {"images": {"type": "array", "items": file, "maxItems": 3}, "mask": file}
    made = {
        operation: {
            "post": {
                "parameters": [dry, strict],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": fields,
                                "required": ["prompt"],
                                "additionalProperties": False,
                            }
                        }
                    }
                },
                "responses": {"200": _answer({"anyOf": [estimate, drawn]}), **refusals},
            }
        }
        for operation, fields in (
            ("/openai/v1/images/generations", PROPERTIES),
            ("/openai/v1/images/edits", PROPERTIES | images),
            ("/openai/v1/images/variations", PROPERTIES | images),
        )
    }
    one = {"type": "object", "required": ["id", "object", "created", "owned_by"]}
    read = {
        "/openai/v1/models": {"get": {"responses": {"200": _answer(listed), **refusals}}},
        "/openai/v1/models/{model_id}": {
            "get": {"parameters": [model, schema], "responses": {"200": _answer(one), **refusals}}
        },
    }
    return {"openapi": "3.0.3", "info": {"title": "Gateway", "version": "1"}, "paths": made | read}


def _answer(schema: Body) -> Body:
    return {"description": "-", "content": {"application/json": {"schema": schema}}}


def quoted(path: str) -> str:
    """Quote a value, so that it can be printed and asked again."""
    return quote(path, safe="/:;,+@", encoding="latin-1")
