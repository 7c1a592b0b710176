// Renders a Liquid template for each record with LiquidJS, parsed once, COUNT times over, and prints
// one JSON line: {"render_ms": median, "bytes": what one pass wrote}.
//
//     node render.mjs TEMPLATE RECORDS.json COUNT

import { readFileSync } from 'node:fs';
import { Liquid } from 'liquidjs';

const [source, records, count] = process.argv.slice(2);
const engine = new Liquid();
const template = engine.parse(readFileSync(source, 'utf8'));
const rows = JSON.parse(readFileSync(records, 'utf8'));
const times = [];
let bytes = 0;
for (let i = 0; i < Number(count); i++) {
  const start = process.hrtime.bigint();
  bytes = 0;
  for (const row of rows) bytes += Buffer.byteLength(engine.renderSync(template, row));
  times.push(Number(process.hrtime.bigint() - start) / 1e6);
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({ render_ms: times[Math.floor(times.length / 2)], bytes }));
