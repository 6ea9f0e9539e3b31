// Starts a stand-in for a provider and `arena serve` on a scratch folder, and runs every item against it.

import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as aiSdk from "./ai_sdk.mjs";
import * as openai from "./openai.mjs";
import * as painters from "./painters.mjs";
import { addLines, close, item } from "./report.mjs";
import { freePort, started } from "./server.mjs";
import { standIn } from "./stand_in.mjs";

const LINK_SECONDS = 60;
const { ARENA, ACCEPT_FOLDER, ACCEPT_CATALOG, ACCEPT_VENVS } = process.env;
// [script, environment it runs in]
const PYTHON = [
  ["client_openai.py", "openai-newest"],
  ["client_openai.py", "openai-1"],
  ["client_openai_0.py", "openai-0.28"],
  ["client_painters.py", "openai-newest"],
  ["client_litellm.py", "litellm"],
  ["client_frameworks.py", "frameworks"],
  ["client_haystack.py", "haystack"],
  ["client_bodies.py", "openai-newest"],
];

// Settings of the machine it runs on must not decide what is tested.
function environment(port, upstream) {
  const own = { DATA_DIR: join(ACCEPT_FOLDER, "data"), PORT: String(port), HOST: "127.0.0.1", WORKERS: "2", LOG_LEVEL: "warning" };
  const slot = { OPENAI_COMPATIBLE: "stand-in", STAND_IN_UPSTREAM_URL: upstream };
  const gateway = { FILE_URL_SECONDS: String(LINK_SECONDS), DEFAULT_IMAGE_MODEL: "pixel-mini" };
  return { PATH: process.env.PATH, HOME: process.env.HOME, ...own, ...slot, ...gateway };
}

// Each in an environment of its own: the packages want different versions of each other.
function runPython(script, venv, base, key) {
  const env = {
    PATH: process.env.PATH, HOME: process.env.HOME, ACCEPT_FOLDER, ACCEPT_BASE: base, ACCEPT_KEY: key,
    ACCEPT_STAND_IN: upstream.url,
  };
  const python = join(ACCEPT_VENVS, venv, "bin", "python");
  return new Promise((resolve) => {
    execFile(python, [join(ACCEPT_FOLDER, script)], { env, timeout: 300_000 }, (error, stdout, stderr) => {
      addLines(`${script} in ${venv}`, stdout, error ? 1 : 0, stderr || error);
      resolve();
    });
  });
}

const upstream = await standIn();
process.env.ACCEPT_STAND_IN = upstream.url;
const port = await freePort();
const base = `http://127.0.0.1:${port}`;
const env = environment(port, upstream.url);
const arena = (...words) => execFileSync(ARENA, words, { env, encoding: "utf8" });
const key = (...words) => arena("keys", "create", ...words).trim().split(" ").at(-1);

arena("seed");
arena("seed", ACCEPT_CATALOG);
const keys = {
  full: key("--name", "full"),
  reader: key("--name", "reader", "--scope", "models"),
  capped: key("--name", "capped", "--cap-usd", "0.01"),
};
const server = spawn(ARENA, ["serve"], { env, stdio: ["ignore", "ignore", "inherit"] });
try {
  await started(`${base}/readyz`, server);
  const made = Date.now();
  const link = await openai.link(`${base}/openai/v1`, keys.full);
  await item("a link before its time is over: 200", async () => assert.equal((await fetch(link)).status, 200));
  await openai.run(`${base}/openai/v1`, keys);
  await painters.run(`${base}/openai/v1`, keys.full);
  await aiSdk.run(`${base}/openai/v1`, keys.full);
  for (const [script, venv] of PYTHON) await runPython(script, venv, `${base}/openai/v1`, keys.full);
  await item("a link after its time is over: 404", async () => {
    await sleep(Math.max(0, made + (LINK_SECONDS + 10) * 1000 - Date.now()));
    assert.equal((await fetch(link)).status, 404);
  });
} finally {
  server.kill();
  upstream.stop();
}
process.exitCode = close() ? 1 : 0;
