// The Vercel AI SDK against a running server, by its OpenAI provider and by its OpenAI-compatible one.

import assert from "node:assert/strict";
import { createAzure } from "@ai-sdk/azure";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import * as ai from "ai";
import { mask, png } from "./png.mjs";
import { item, kind } from "./report.mjs";

const generateImage = ai.generateImage ?? ai.experimental_generateImage;

export async function run(base, key) {
  const openai = createOpenAI({ baseURL: base, apiKey: key });
  const compatible = createOpenAICompatible({ name: "blindvote", baseURL: base, apiKey: key });
  const small = { prompt: "a red fox in the snow", size: "256x256" };

  await item("AI SDK, openai: generate", async () => {
    const { image } = await generateImage({ model: openai.image("poster-pro"), ...small });
    assert.equal(kind(image.uint8Array), "png");
  });
  await item("AI SDK, openai: four images", async () => {
    const { images } = await generateImage({ model: openai.image("poster-pro"), ...small, n: 4 });
    assert.deepEqual(images.map((image) => kind(image.uint8Array)), Array(4).fill("png"));
  });
  await item("AI SDK, openai: a gpt-image id, for which it sends no response_format", async () => {
    const { image } = await generateImage({ model: openai.image("gpt-image-stand-in"), prompt: "a red fox" });
    assert.equal(kind(image.uint8Array), "png");
  });
  await item("AI SDK, openai: edit with a mask", async () => {
    const prompt = { text: "bluer", images: [png(256)], mask: mask(256) };
    const { image } = await generateImage({ model: openai.image("gpt-image-stand-in"), prompt });
    assert.equal(kind(image.uint8Array), "png");
  });
  await item("AI SDK, openai: edit of a model that is not named gpt-image", async () => {
    const prompt = { text: "bluer", images: [png(256)] };
    const { image } = await generateImage({ model: openai.image("stand-in"), prompt });
    assert.equal(kind(image.uint8Array), "png");
  });
  await item("AI SDK, openai-compatible: edit with a mask", async () => {
    const prompt = { text: "bluer", images: [png(256)], mask: mask(256) };
    const { image } = await generateImage({ model: compatible.imageModel("stand-in"), prompt });
    assert.equal(kind(image.uint8Array), "png");
  });
  await item("AI SDK, azure: generate, by /openai/v1 and by a deployment's path", async () => {
    for (const useDeploymentBasedUrls of [false, true]) {
      const baseURL = useDeploymentBasedUrls ? base.replace(/\/v1$/, "") : base;
      const azure = createAzure({ baseURL, apiKey: key, useDeploymentBasedUrls });
      const { image } = await generateImage({ model: azure.image("poster-pro"), ...small });
      assert.equal(kind(image.uint8Array), "png");
    }
  });
  await item("AI SDK, openai-compatible: generate, with an option passed through", async () => {
    const providerOptions = { blindvote: { output_format: "webp" } };
    const { image } = await generateImage({ model: compatible.imageModel("poster-pro"), ...small, providerOptions });
    assert.equal(kind(image.uint8Array), "webp");
  });
  await item("AI SDK: a provider that fails is an error; it does not read x-should-retry", async () => {
    const prompt = "please fail for the AI SDK";
    const call = generateImage({ model: openai.image("stand-in"), prompt });
    const error = await call.then(() => null, (caught) => caught);
    assert.ok(error, "no error came");
    const asked = await fetch(`${process.env.ACCEPT_STAND_IN}/asked?words=${encodeURIComponent(prompt)}`);
    return `${await asked.text()} upstream requests`;
  });
  await item("AI SDK: a retired model is an error that says so", async () => {
    const error = await generateImage({ model: openai.image("dall-e-2"), ...small }).then(() => null, (caught) => caught);
    assert.ok(error, "no error came");
    assert.deepEqual([error.statusCode, JSON.parse(error.responseBody).error.code], [404, "model_retired"]);
  });
}
