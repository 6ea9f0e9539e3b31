// One line per item, and a table of client, what was run and the result in the end.

const rows = [];

// A title begins with the client, up to the first ": ".
export async function item(title, check) {
  const [client, ...what] = title.split(": ");
  try {
    const told = await check();
    add(client, what.join(": "), true, typeof told === "string" ? told : "");
  } catch (error) {
    add(client, what.join(": "), false, String(error?.stack ?? error).split("\n").slice(0, 6).join("\n"));
  }
}

export function add(client, what, ok, detail = "") {
  rows.push({ client, what, ok, detail });
  const told = detail ? `\n        ${detail.split("\n").join("\n        ")}` : "";
  console.log(`${ok ? "ok     " : "FAILED "} ${client}: ${what}${told}`);
}

// A script in another language prints a JSON object per item; what it prints else is shown when it fails.
export function addLines(client, text, status, errors) {
  const found = text.split("\n").filter((line) => line.startsWith('{"client"')).map((line) => JSON.parse(line));
  for (const { client: name, what, ok, detail } of found) add(name, what, ok, detail);
  if (status !== 0 || found.length === 0) add(client, "runs to its end", false, `${errors}`.split("\n").slice(-8).join("\n"));
}

export function close() {
  const failed = rows.filter((row) => !row.ok).length;
  console.log("\n| client | what was run | result |\n|---|---|---|");
  for (const row of rows) console.log(`| ${row.client} | ${row.what} | ${row.ok ? "passed" : "FAILED"} |`);
  console.log(`\n${rows.length - failed} passed, ${failed} failed`);
  return failed;
}

// What the first bytes of an image say.
export function kind(bytes) {
  const head = Buffer.from(bytes.slice(0, 16)).toString("latin1");
  if (head.startsWith("\x89PNG")) return "png";
  if (head.startsWith("\xff\xd8")) return "jpeg";
  if (head.startsWith("GIF8")) return "gif";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "webp";
  return head.slice(4, 8) === "ftyp" && head.slice(8, 12) === "avif" ? "avif" : `unknown: ${head}`;
}
