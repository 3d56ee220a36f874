// Whether a report works in a browser: how fast it opens and filters, what it loads, and whether axe finds faults.
//
//   npm install playwright-core axe-core
//   node benchmarks/report_page.mjs REPORT.html [--chromium /usr/bin/chromium] [--pictures FOLDER]
//
// Light and dark, at 1200 and 390 pixels. Bars: open within 2 seconds, a search within 100 ms, nothing loaded but the
// file itself, no error of a script, no sideways scrolling, nothing that axe calls serious or critical; the exit code is
// 1 where one is missed. With --pictures the pages are kept as PNG files, and as a PDF as it is printed.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.cwd(), "package.json"));
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const value = (name, otherwise) => process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : otherwise;
const file = path.resolve(process.argv[2]), pictures = value("--pictures", "");
const quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: value("--chromium", "/usr/bin/chromium"), args: quiet });
let isMet = true;

for (const colorScheme of ["light", "dark"]) for (const width of [1200, 390]) {
  // Only so that axe can be put into a page that forbids itself other scripts.
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const page = await context.newPage(), errors = [], loaded = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("request", (request) => loaded.push(request.url()));
  await page.goto(`file://${file}`);
  const opened = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
  const searches = await page.evaluate(() => {
    const field = document.getElementById("search");
    return !field ? [] : ["a", "an", "the ", "woman in", "zzz", ""].map((words) => {
      const start = performance.now();
      field.value = words;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      document.body.offsetHeight;  // laid out, not only changed
      return Math.round(performance.now() - start);
    });
  });
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await page.evaluate(axe);
  const found = (await page.evaluate(() => globalThis.axe.run())).violations;
  const serious = found.filter((one) => ["serious", "critical"].includes(one.impact));
  const met = opened <= 2000 && searches.every((time) => time <= 100) && loaded.length === 1 && !errors.length
    && wider <= 0 && !serious.length;
  isMet &&= met;
  console.log(`${met ? "met" : "MISSED"} ${colorScheme} ${width}: open ${Math.round(opened)} ms, searches ${searches} ms, `
    + `${loaded.length} loaded, ${errors.length} errors, ${wider} px too wide, axe ${found.length} findings`);
  for (const one of found) console.log(`  ${one.impact} ${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 120)}`);
  for (const error of errors) console.log(`  ${error}`);
  if (pictures) {
    fs.mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: path.join(pictures, `${colorScheme}_${width}.png`), fullPage: false });
    await page.screenshot({ path: path.join(pictures, `${colorScheme}_${width}_whole.png`), fullPage: true });
    if (colorScheme === "light" && width === 1200) await page.pdf({ path: path.join(pictures, "print.pdf") });
  }
  await context.close();
}
await browser.close();
process.exit(isMet ? 0 : 1);
