// A stand-in for a provider with OpenAI's image API. The prompt says how it behaves; it tells what files came.

import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { png } from "./png.mjs";

const FAILURES = {
  "please fail": [500, { error: { message: "an inner secret" } }],
  "please refuse": [401, { error: { message: "bad key", code: "invalid_api_key" } }],
  "please pause": [429, { error: { message: "slow down", code: "rate_limit_exceeded" } }],
  "please decline": [400, { error: { message: "no", code: "content_policy_violation" } }],
  "please lose it": [200, { created: 1, data: [] }],
  "please babble": [200, "<html>not JSON</html>"],
};
const IMAGE = png(256).toString("base64");
const USAGE = {
  input_tokens: 60,
  input_tokens_details: { text_tokens: 10, image_tokens: 50 },
  output_tokens: 400,
  total_tokens: 460,
};

function answer(path, text) {
  const failure = Object.keys(FAILURES).find((words) => text.includes(words));
  if (failure) return FAILURES[failure];
  const n = Number(text.match(/"n":\s*(\d+)|name="n"\r\n\r\n(\d+)/)?.slice(1).find(Boolean) ?? 1);
  const images = text.match(/name="image(\[\])?"/g)?.length ?? 0;
  const told = `${path.split("/").at(-1)}: ${images} images, ${text.includes('name="mask"') ? "a" : "no"} mask`;
  const data = Array.from({ length: n }, () => ({ b64_json: IMAGE, revised_prompt: told }));
  return [200, { created: 1, data, usage: USAGE, quality: "high", background: "opaque" }];
}

// `asked(words)` is how many requests with these words in them have come.
export function standIn() {
  const bodies = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      if (request.method === "GET") {
        const words = new URL(request.url, "http://stand-in").searchParams.get("words");
        response.end(String(bodies.filter((body) => body.includes(words)).length));
        return;
      }
      const text = Buffer.concat(chunks).toString("latin1");
      bodies.push(text);
      await sleep(1000 * Number(text.match(/please take (\d+) s/)?.[1] ?? 0));
      const [status, body] = answer(request.url, text);
      const headers = { "content-type": "application/json", ...(status === 429 && { "retry-after": "1" }) };
      response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ url: `http://127.0.0.1:${server.address().port}/v1`, stop: () => server.close() }));
  });
}
