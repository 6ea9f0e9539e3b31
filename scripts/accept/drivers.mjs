// Firefox by puppeteer and WebKit by its WebDriver, under the same few names: each gives
// { name, widths, complaints, open(address), run(expression), resize(width), shoot(file), close() }.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { freePort, started } from "./server.mjs";

const HEIGHT = 800;
const FIREFOX = "/usr/bin/firefox-esr";
const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

export async function firefox() {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: FIREFOX, headless: true });
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (said) => { if (["error", "warn"].includes(said.type())) complaints.push(said.text()); });
  page.on("pageerror", (error) => complaints.push(error.message));
  return {
    name: "Firefox", widths: [320, 390, 1280], complaints,
    open: (address) => page.goto(address, { waitUntil: "load" }),
    run: (expression) => page.evaluate(expression),
    resize: (width) => page.setViewport({ width, height: HEIGHT }),
    shoot: (file) => page.screenshot({ path: file }),
    close: () => browser.close(),
  };
}

// Its window has a bar of its own and is never narrower than that: 447 pixels. It tells no complaints.
export async function webkit() {
  const port = await freePort();
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], { stdio: "ignore" });
  await started(`http://127.0.0.1:${port}/status`, driver);
  const ask = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}/session${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const options = { binary: MINI_BROWSER, args: ["--automation"] };
  const { sessionId } = await ask("POST", "", { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } });
  return {
    name: "WebKit", widths: [447, 1280], complaints: [],
    open: (address) => ask("POST", `/${sessionId}/url`, { url: address }),
    run: (expression) => ask("POST", `/${sessionId}/execute/sync`, { script: `return ${expression}`, args: [] }),
    resize: (width) => ask("POST", `/${sessionId}/window/rect`, { width, height: HEIGHT }),
    shoot: async (file) => writeFileSync(file, await ask("GET", `/${sessionId}/screenshot`), "base64"),
    close: async () => {
      await ask("DELETE", `/${sessionId}`);
      driver.kill();
    },
  };
}
