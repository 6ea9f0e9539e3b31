// npm's `openai` against a running server.

import assert from "node:assert/strict";
import { createReadStream, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI, { toFile } from "openai";
import { mask, png } from "./png.mjs";
import { item, kind } from "./report.mjs";

const SMALL = { prompt: "a red fox in the snow", model: "poster-pro", size: "256x256" };
const FILE = join(process.env.ACCEPT_FOLDER ?? tmpdir(), "one.png");
const MASK = join(process.env.ACCEPT_FOLDER ?? tmpdir(), "mask.png");

// [what, parameters, name of the error's class, status, code, requests]
const ERRORS = [
  ["a bad parameter", { n: 99 }, "BadRequestError", 400, "invalid_request", 1],
  ["a size that is none", { size: "huge" }, "BadRequestError", 400, "invalid_request", 1],
  ["strict, and a size that is not made", { size: "9000x9000", strict: true }, "BadRequestError", 400, "invalid_request", 1],
  ["an unknown model", { model: "poster-prp" }, "NotFoundError", 404, "model_not_found", 1],
  ["a retired model", { model: "dall-e-2" }, "NotFoundError", 404, "model_retired", 1],
  ["a prompt that is declined", { model: "stand-in", prompt: "please decline" }, "BadRequestError", 400, "content_policy_violation", 1],
  ["a provider that fails", { model: "stand-in", prompt: "please fail" }, "InternalServerError", 502, "all_providers_failed", 1],
  ["an answer without an image", { model: "stand-in", prompt: "please lose it" }, "InternalServerError", 502, "all_providers_failed", 1],
  ["an answer that is garbage", { model: "stand-in", prompt: "please babble" }, "InternalServerError", 502, "all_providers_failed", 1],
  ["a provider that refuses our account", { model: "stand-in", prompt: "please refuse" }, "InternalServerError", 503, "provider_unavailable", 1],
  ["a provider that asks for a pause", { model: "stand-in", prompt: "please pause" }, "RateLimitError", 429, "rate_limited", 3],
];

function connect(base, key) {
  const count = { requests: 0 };
  const counting = (url, options) => {
    count.requests += 1;
    return fetch(url, options);
  };
  return { client: new OpenAI({ baseURL: base, apiKey: key, fetch: counting }), count };
}

async function refused(base, key, call, [name, status, code, requests]) {
  const { client, count } = connect(base, key);
  const error = await call(client).then(() => null, (caught) => caught);
  assert.ok(error, "no error came");
  assert.deepEqual([error.constructor.name, error.status, error.code], [name, status, code]);
  assert.ok(error instanceof OpenAI[name]);
  assert.ok(!error.message.includes("inner secret"));
  assert.equal(count.requests, requests, "requests");
}

async function generations(client) {
  await item("npm openai: generate with nothing but a prompt", async () => {
    const made = await client.images.generate({ prompt: SMALL.prompt });
    assert.match(made.data[0].url, /\/files\/[\w-]{22}\.\w+$/);
    assert.equal(made._request_id, made.metadata.request_id);
  });
  await item("npm openai: an image url can be loaded", async () => {
    const made = await client.images.generate(SMALL);
    const file = await fetch(made.data[0].url);
    assert.deepEqual([file.status, file.headers.get("content-type")], [200, "image/png"]);
    assert.equal(kind(new Uint8Array(await file.arrayBuffer())), "png");
  });
  await item("npm openai: ten images", async () => {
    const made = await client.images.generate({ ...SMALL, n: 10 });
    assert.equal(new Set(made.data.map((one) => one.url)).size, 10);
  });
  for (const format of ["png", "jpeg", "gif", "webp", "avif"]) {
    await item(`npm openai: base64 in ${format}`, async () => {
      const made = await client.images.generate({ ...SMALL, response_format: "b64_json", output_format: format });
      assert.equal(kind(Buffer.from(made.data[0].b64_json, "base64")), format);
      assert.equal(made.data[0].url, undefined);
    });
  }
  await item("npm openai: aspect_ratio and resolution", async () => {
    const made = await client.images.generate({ prompt: "x", model: "poster-pro", aspect_ratio: "2:1", resolution: "0.5K" });
    assert.equal(made.size, "724x362");
  });
  await item("npm openai: adjustments are told", async () => {
    const made = await client.images.generate({ ...SMALL, size: "64x64" });
    assert.deepEqual(made.metadata.adjustments.map((one) => [one.parameter, one.requested, one.used]), [["size", "64x64", "256x256"]]);
  });
  await item("npm openai: a dry run costs nothing and tells the cost", async () => {
    const dry = await client.images.generate(SMALL, { query: { dryRun: "true" } });
    assert.deepEqual([dry.estimated, dry.total_cost_micros, dry.data], [true, 24_000, undefined]);
  });
  await item("npm openai: a forced provider", async () => {
    const made = await client.images.generate({ ...SMALL, model: "painter/poster-pro" });
    assert.equal(made.metadata.executed_model, "painter/poster-pro");
  });
  await item("npm openai: headers of the raw response", async () => {
    const { data, response } = await client.images.generate(SMALL).withResponse();
    assert.equal(response.headers.get("x-blindvote-provider"), "painter");
    assert.equal(response.headers.get("x-request-id"), data.metadata.request_id);
  });
  await item("npm openai: streaming ends in the completed event, with usage", async () => {
    const events = [];
    for await (const event of await client.images.generate({ ...SMALL, stream: true, partial_images: 2 })) events.push(event);
    assert.deepEqual(events.map((event) => event.type), ["image_generation.completed"]);
    assert.equal(events[0].usage.total_tokens, 0);
    assert.equal(kind(Buffer.from(events[0].b64_json, "base64")), "png");
  });
}

async function edits(client) {
  const bytes = png(256);
  writeFileSync(FILE, bytes);
  writeFileSync(MASK, mask(256));
  const told = async (title, parameters, words) =>
    item(`npm openai: ${title}`, async () => {
      const made = await client.images.edit({ prompt: "bluer", model: "stand-in", ...parameters });
      assert.equal(made.data[0].revised_prompt, words);
    });
  await told("edit with a mask, streamed from a file", { image: createReadStream(FILE), mask: createReadStream(MASK) }, "edits: 1 images, a mask");
  await item("npm openai: edit without a model", async () => {
    const made = await client.images.edit({ prompt: "bluer", image: createReadStream(FILE) });
    assert.equal(kind(Buffer.from(made.data[0].b64_json, "base64")), "png");
  });
  await item("npm openai: a timeout of 1.5 s on an image of 8 s is one upstream generation", async () => {
    const words = "please take 8 s for npm";
    const impatient = client.withOptions({ timeout: 1500, maxRetries: 8 });
    const made = await impatient.images.generate({ prompt: words, model: "stand-in" });
    assert.equal(made.data.length, 1);
    const asked = await fetch(`${process.env.ACCEPT_STAND_IN}/asked?words=${encodeURIComponent(words)}`);
    assert.equal(await asked.text(), "1");
  });
  await item("npm openai: an Idempotency-Key replays the answer", async () => {
    const options = { headers: { "Idempotency-Key": "accept-1" } };
    const ids = [];
    for (let n = 0; n < 2; n += 1) ids.push((await client.images.generate(SMALL, options)).metadata.request_id);
    assert.equal(ids[0], ids[1]);
  });
  await told("edit of two images", { image: [createReadStream(FILE), createReadStream(FILE)] }, "edits: 2 images, no mask");
  await told("edit of bytes", { image: await toFile(bytes, "upload") }, "edits: 1 images, no mask");
  await item("npm openai: variations", async () => {
    const made = await client.images.createVariation({ image: createReadStream(FILE), model: "stand-in", n: 2 });
    assert.deepEqual(made.data.map((one) => one.revised_prompt), Array(2).fill("variations: 1 images, no mask"));
  });
  await item("npm openai: an edit streams", async () => {
    const types = [];
    const stream = await client.images.edit({ prompt: "bluer", model: "stand-in", image: createReadStream(FILE), stream: true });
    for await (const event of stream) types.push(event.type);
    assert.deepEqual(types, ["image_edit.completed"]);
  });
}

async function models(client) {
  await item("npm openai: the list of models", async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    for (const id of ["poster-pro", "pixel-mini", "stand-in", "gpt-image-stand-in"]) assert.ok(ids.includes(id), id);
    assert.ok(!ids.includes("dall-e-2"));
  });
  await item("npm openai: a model whose id has a slash", async () => {
    const model = await client.models.retrieve("painter/poster-pro");
    assert.deepEqual([model.id, model.object, model.owned_by], ["painter/poster-pro", "model", "Blindvote demo"]);
  });
}

async function errors(base, keys) {
  for (const [title, parameters, ...expected] of ERRORS) {
    const call = (client) => client.images.generate({ ...SMALL, ...parameters });
    await item(`npm openai: ${title}: ${expected[1]} ${expected[2]}, ${expected[3]} request(s)`, () => refused(base, keys.full, call, expected));
  }
  const other = [
    ["a wrong key", "bv_wrong", (client) => client.images.generate(SMALL), ["AuthenticationError", 401, "invalid_api_key", 1]],
    ["a key without the scope", keys.reader, (client) => client.images.generate(SMALL), ["PermissionDeniedError", 403, "insufficient_scope", 1]],
    ["a key that has spent its cap", keys.capped, (client) => client.images.generate(SMALL), ["APIError", 402, "insufficient_quota", 1]],
    ["a method that is not answered", keys.full, (client) => client.get("/images/generations"), ["APIError", 405, "method_not_allowed", 1]],
    ["a body that is too long", keys.full, (client) => client.images.generate({ ...SMALL, user: "x".repeat(1_100_000) }), ["APIError", 413, "request_too_large", 1]],
    ["a body of another type", keys.full, (client) => client.post("/images/generations", { body: "prompt=x", headers: { "content-type": "text/plain" } }), ["APIError", 415, "unsupported_media_type", 1]],
  ];
  for (const [title, key, call, expected] of other) {
    await item(`npm openai: ${title}: ${expected[1]} ${expected[2]}, ${expected[3]} request(s)`, () => refused(base, key, call, expected));
  }
}

// A link made now, to be looked at again when its time is over.
export async function link(base, key) {
  const made = await connect(base, key).client.images.generate(SMALL);
  return made.data[0].url;
}

export async function run(base, keys) {
  const { client } = connect(base, keys.full);
  await generations(client);
  await edits(client);
  await models(client);
  await errors(base, keys);
}
