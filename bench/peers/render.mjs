// Renders a Liquid template for each record with LiquidJS, parsed once, COUNT times over after a pass
// to warm up, and prints the milliseconds of each pass as a JSON list; OUT gets what a pass wrote.
//
//     node render.mjs TEMPLATE RECORDS.json COUNT OUT

import { readFileSync, writeFileSync } from 'node:fs';
import { Liquid } from 'liquidjs';

const [source, records, count, out] = process.argv.slice(2);
const engine = new Liquid();
const template = engine.parse(readFileSync(source, 'utf8'));
const rows = JSON.parse(readFileSync(records, 'utf8'));
const times = [];
let texts;
for (let i = -1; i < Number(count); i++) {
  const start = process.hrtime.bigint();
  texts = rows.map((row) => engine.renderSync(template, row));
  if (i >= 0) times.push(Number(process.hrtime.bigint() - start) / 1e6);
}
writeFileSync(out, texts.join(''));
console.log(JSON.stringify(times));
