// Opens each page in a real browser and prints, as one JSON document, what axe-core finds and what the page asked for.
// Usage: node look.mjs MODULES CHROMIUM SHOTS PAGE.html ...   (SHOTS is a folder for screenshots, or "-")
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, chromium, shots, ...pages] = process.argv.slice(2);
const require = createRequire(join(modules, "node_modules", "x.cjs"));
const puppeteer = require("puppeteer-core");
const axe = require("axe-core").source;
const LOOKS = [
  { name: "light", scheme: "light", width: 1280 },
  { name: "dark", scheme: "dark", width: 1280 },
  { name: "narrow", scheme: "light", width: 320 },
  { name: "narrow-dark", scheme: "dark", width: 320 },
];
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function look(browser, page, { name, scheme, width }) {
  const tab = await browser.newPage();
  const asked = [];
  tab.on("request", (request) => asked.push(request.url()));
  await tab.setViewport({ width, height: 900 });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const address = pathToFileURL(page).href;
  await tab.goto(address, { waitUntil: "load" });
  // Through the debugger's isolated world, so that the page's own policy stays as it is.
  const client = await tab.createCDPSession();
  const { frameTree } = await client.send("Page.getFrameTree");
  const world = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const run = async (expression) => {
    const answer = await client.send("Runtime.evaluate", {
      expression, contextId: world.executionContextId, awaitPromise: true, returnByValue: true,
    });
    if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  };
  await run(axe + ";0");
  const options = JSON.stringify({ runOnly: TAGS, resultTypes: ["violations"] });
  const found = await run(`axe.run(document, ${options}).then((r) => ({
    violations: r.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html) })),
    passes: r.passes.length,
    contrast: r.passes.some((p) => p.id === "color-contrast"),
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    scripts: document.scripts.length,
    elements: document.querySelectorAll("img, iframe, object, embed, link, form").length,
  }))`);
  if (shots !== "-") await tab.screenshot({ path: join(shots, `${basename(page, ".html")}-${name}.png`), fullPage: true });
  await tab.close();
  return { page: basename(page), look: name, outside: asked.filter((url) => url !== address), ...found };
}

const browser = await puppeteer.launch({
  executablePath: chromium, headless: true, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const results = [];
for (const page of pages) for (const one of LOOKS) results.push(await look(browser, page, one));
await browser.close();
console.log(JSON.stringify(results));
