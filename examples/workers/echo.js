#!/usr/bin/env node
// A worker in Node without any package. Methods may be async: answers go out as they are ready.
'use strict';

const readline = require('node:readline');

const methods = {
  ping: () => 'pong',
  echo: (params) => params ?? null,
  sleep: ({ seconds }) => new Promise((done) => setTimeout(done, seconds * 1000, seconds)),
};

// The protocol has stdout to itself: what a dependency logs goes to stderr.
console.log = console.info = console.debug = console.error;

function send(message) {
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
}

async function answer(line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch (error) {
    send({ id: null, error: { code: -32700, message: error.message } });
    return;
  }
  const { id, method, params } = request ?? {};
  const reply = (outcome) => id !== undefined && send({ id, ...outcome });
  if (typeof method !== 'string') {
    send({ id: id ?? null, error: { code: -32600, message: 'a request has a method' } });
  } else if (!Object.hasOwn(methods, method)) {
    reply({ error: { code: -32601, message: `there is no method ${method}` } });
  } else {
    try {
      reply({ result: (await methods[method](params)) ?? null });
    } catch (error) {
      reply({ error: { code: -32603, message: error.message, data: { traceback: error.stack } } });
    }
  }
}

readline.createInterface({ input: process.stdin, crlfDelay: Infinity }).on('line', (line) => {
  if (line.trim() !== '') {
    answer(line);
  }
});
// At the end of stdin Node exits by itself, once nothing runs any more.
