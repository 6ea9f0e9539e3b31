// npm's `openai` against the painters alone: edits, masks, several images and variations with no key but the server's.

import assert from "node:assert/strict";
import OpenAI, { toFile } from "openai";
import { inside, mask, pixels, png } from "./png.mjs";
import { item, kind } from "./report.mjs";

const SIDE = 256;
const NAME = "npm openai, painters";

const file = (bytes) => toFile(bytes, "upload.png", { type: "image/png" });
const read = (one) => Buffer.from(one.b64_json, "base64");

// How many pixels differ outside of the mask, and how many inside.
function differences(before, after) {
  const counted = { outside: 0, inside: 0 };
  for (let at = 0; at < SIDE * SIDE; at += 1) {
    const same = before.at(at).every((value, channel) => value === after.at(at)[channel]);
    if (!same) counted[inside(SIDE, at % SIDE, Math.floor(at / SIDE)) ? "inside" : "outside"] += 1;
  }
  return counted;
}

export async function run(base, key) {
  const client = new OpenAI({ baseURL: base, apiKey: key });
  await item(`${NAME}: edit by the prompt alone`, async () => {
    const made = await client.images.edit({ image: await file(png(SIDE)), prompt: "at night with stars", model: "studio-xl" });
    assert.equal(kind(read(made.data[0])), "png");
  });
  await item(`${NAME}: masked edit: pixels outside are those sent`, async () => {
    const parts = { image: await file(png(SIDE)), mask: await file(mask(SIDE)) };
    const made = await client.images.edit({ ...parts, prompt: "add a red balloon", model: "poster-pro" });
    const changed = differences(pixels(png(SIDE)), pixels(read(made.data[0])));
    assert.equal(changed.outside, 0);
    assert.ok(changed.inside > 0);
    return `${changed.inside} pixels inside of the mask changed, none outside`;
  });
  await item(`${NAME}: edit with several images`, async () => {
    const image = [await file(png(SIDE)), await file(png(SIDE))];
    const made = await client.images.edit({ image, prompt: "in the style of the second image", model: "studio-xl" });
    assert.equal(kind(read(made.data[0])), "png");
  });
  await item(`${NAME}: three edits at once`, async () => {
    const made = await client.images.edit({ image: await file(png(SIDE)), prompt: "at sunset", model: "poster-pro", n: 3 });
    assert.equal(new Set(made.data.map((one) => one.b64_json)).size, 3);
  });
  await item(`${NAME}: two variations`, async () => {
    const asked = { image: await file(png(SIDE)), model: "aquarelle-2", n: 2, response_format: "b64_json" };
    const made = await client.images.createVariation(asked);
    assert.equal(new Set(made.data.map((one) => one.b64_json)).size, 2);
  });
}
