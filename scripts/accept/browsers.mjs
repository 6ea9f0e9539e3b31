// Starts the demo on a scratch folder, and looks at its pages and votes in each browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { firefox, webkit } from "./drivers.mjs";
import { close, item } from "./report.mjs";
import { freePort } from "./server.mjs";

const { ARENA, ACCEPT_FOLDER, SHOTS } = process.env;
const PAGES = [
  "/", "/arena", "/leaderboards/text-to-image", "/leaderboards/image-edit", "/models", "/models/dall-e-2",
  "/models/lowpoly-3", "/compare/lowpoly-3/pixel-mini", "/charts/text-to-image", "/competitions",
  "/competitions/vintage-cafe-logo", "/playground", "/playground?operation=edit&model=poster-pro", "/integrity",
  "/methodology", "/me", "/docs", "/suggest",
];
const FAULTS = `(() => {
  for (const one of document.querySelectorAll("details:not([name])")) one.open = true;
  return {
    wide: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    broken: [...document.images].filter((image) => image.src && image.complete && !image.naturalWidth).map((image) => image.src),
  };
})()`;
const STATE = `document.querySelector("[data-arena]")?.dataset.state`;
const SAID = `document.querySelector("[data-status]").firstChild.textContent`;
const press = (button) => `document.querySelector('${button}').click()`;

// Fills the whole demo, which is served meanwhile and afterwards.
async function demo() {
  const port = await freePort();
  const own = { DATA_DIR: join(ACCEPT_FOLDER, "data"), PORT: String(port), HOST: "127.0.0.1", LOG_LEVEL: "warning" };
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...own };
  const server = spawn(ARENA, ["demo"], { env, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    server.stdout.on("data", (told) => String(told).includes("is complete") && resolve());
    server.on("exit", () => reject(new Error("the demo ended")));
  });
  return { base: `http://127.0.0.1:${port}`, stop: () => server.kill() };
}

async function shoot(browser, name) {
  if (SHOTS) await browser.shoot(join(SHOTS, `${browser.name}-${name}.png`.toLowerCase()));
}

async function look(browser, address) {
  for (const width of browser.widths) {
    await browser.resize(width);
    await browser.open(address);
    await shoot(browser, `${new URL(address).pathname.replaceAll("/", "_")}-${width}`);
    assert.deepEqual({ width, ...(await browser.run(FAULTS)) }, { width, wide: 0, broken: [] });
  }
  assert.deepEqual(browser.complaints.splice(0), []);
}

async function wait(browser, ...states) {
  for (let tries = 0; tries < 100; tries += 1) {
    const state = await browser.run(STATE).catch(() => null); // between two pages there is nothing to ask
    if (states.includes(state)) return;
    await sleep(150);
  }
  throw new Error(`the state is ${await browser.run(STATE)}, not ${states.join(" or ")}`);
}

async function vote(browser, base) {
  await browser.resize(browser.widths[0]);
  await browser.open(`${base}/arena`);
  await browser.run(press("main form button"));
  for (let pair = 0; pair < 10; pair += 1) {
    await wait(browser, "open");
    await sleep(1200); // faster is not counted
    await browser.run(press(`[data-answers] [value="${["a", "b", "tie", "both_bad"][pair % 4]}"]`));
    await wait(browser, "revealed");
    assert.match(await browser.run(SAID), /^You (picked|called|found)/);
    await shoot(browser, `pair-${pair}`);
    if (pair < 9) await browser.run(press("[data-next-button]"));
  }
  await browser.run(press("[data-next-button]"));
  await wait(browser, "card");
  await browser.run(press("[data-next-button]"));
  await wait(browser, "open");
  await sleep(1200);
  await browser.run(press(`[data-answers] [value="a"]`));
  await wait(browser, "revealed");
  await browser.run(press("[data-undo] button"));
  await wait(browser, "undone");
  assert.deepEqual(browser.complaints.splice(0), []);
}

const { base, stop } = await demo();
try {
  for (const open of [firefox, webkit]) {
    const browser = await open();
    for (const page of PAGES) await item(`${browser.name}: ${page}`, () => look(browser, base + page));
    await item(`${browser.name}: ten pairs, the card, a vote taken back`, () => vote(browser, base));
    await browser.close();
  }
} finally {
  stop();
}
process.exitCode = close() ? 1 : 0;
