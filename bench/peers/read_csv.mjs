// Reads a CSV file COUNT times with polars and with DuckDB into typed columns, after once to warm up,
// and prints one JSON line: {"polars": [ms, ...], "duckdb": [ms, ...]}, without what can't be loaded.
// A third word names one of the two: only that is measured.
//
//     node read_csv.mjs FILE COUNT [NAME]

const [file, count, only] = [process.argv[2], Number(process.argv[3]), process.argv[4]];

async function measure(read) {
  const times = [];
  for (let i = -1; i < count; i++) {
    const start = process.hrtime.bigint();
    await read();
    if (i >= 0) times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return times;
}

async function polars() {
  const { default: pl } = await import('nodejs-polars');
  return measure(() => pl.readCSV(file).height);
}

async function duckdb() {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  return measure(() => connection.run(`create or replace table t as from read_csv('${file}')`));
}

const answer = {};
for (const [name, run] of Object.entries({ polars, duckdb })) {
  if (only && only !== name) continue;
  try {
    answer[name] = await run();
  } catch (error) {
    console.error(`${name}: ${error.message}`);
  }
}
console.log(JSON.stringify(answer));
