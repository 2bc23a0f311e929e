// Serves the page on two origins, one of which the gateway lists, starts the program that is named, and lets a browser
// without a window open both. Arguments: the program, the bundled page, the browser.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [program, bundle, executablePath] = process.argv.slice(2);
const page = `<!doctype html><meta charset="utf-8"><script>${readFileSync(bundle, "utf8")}</script>`;

async function servePage() {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function servesOn(child) {
  for await (const line of createInterface({ input: child.stderr })) {
    const address = line.match(/^banggiao serves on (.*)$/)?.[1];
    if (address) return address;
  }
  throw new Error("the program does not say where it serves");
}

const folder = mkdtempSync(join(tmpdir(), "banggiao-browser-"));
const [listed, other] = [await servePage(), await servePage()];
const data = join(folder, "data");
const flags = ["up", "--lang", "en", "--listen", "127.0.0.1:0", "--data-dir", data, "--allow-origin", listed.origin];
const child = spawn(program, flags, { stdio: ["ignore", "ignore", "pipe"] });
let browser;
try {
  const address = await servesOn(child);
  const token = readFileSync(join(data, "admin.token"), "utf8").trim();
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const open = async (origin) => {
    const tab = await browser.newPage();
    await tab.goto(origin);
    return tab;
  };
  const ours = await open(listed.origin);
  await ours.evaluate(([url, token]) => window.callFromListedOrigin(url, token), [address, token]);
  const theirs = await open(other.origin);
  await theirs.evaluate((url) => window.callFromOtherOrigin(url), address);
  console.log("2 passed, 0 failed");
} finally {
  await browser?.close();
  child.kill();
  listed.close();
  other.close();
  rmSync(folder, { recursive: true, force: true });
}
