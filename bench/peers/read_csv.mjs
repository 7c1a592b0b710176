// Reads a CSV file COUNT times with polars and with DuckDB into typed columns, and prints one JSON
// line: {"polars_ms": median, "duckdb_ms": median}; null for a peer that is not installed.
//
//     node read_csv.mjs FILE COUNT

const [file, count] = [process.argv[2], Number(process.argv[3])];

function median(times) {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

async function measure(read) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const start = process.hrtime.bigint();
    await read();
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return median(times);
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
for (const [name, run] of [['polars_ms', polars], ['duckdb_ms', duckdb]]) {
  try {
    answer[name] = await run();
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    answer[name] = null;
  }
}
console.log(JSON.stringify(answer));
