// Proxyless gRPC clients: each channel gets its routes from an xDS control plane of its own choice.
//   node xds.mjs
// Lines in have an id, answers carry it; calls run at once:
//   {"id":1,"open":"a","server":"127.0.0.1:18000","target":"shop"}   a channel
//   {"id":2,"call":"a","metadata":{"x-arm":"canary"}}                 a call; answered with {"id":2,"arm":"canary"}
//   {"id":3,"settle":"a"}                                             answered when what a channel was told has come through
//   {"id":4,"close":"a"}
import { createInterface } from 'node:readline';
import grpc from '@grpc/grpc-js';
import * as xds from '@grpc/grpc-js-xds';

const DEADLINE_MILLISECONDS = 60_000;
const SETTLING_TURNS = 50;
const BOOTSTRAP = 'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config';
const bytes = (value) => value;
const Arm = grpc.makeGenericClientConstructor({
  ask: { path: '/delivery.Arm/Ask', requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
}, 'Arm');
const channels = new Map();
xds.register();

function open({ open: name, server, target }) {
  const bootstrap = { xds_servers: [{ server_uri: server, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }], node: { id: `node-${name}`, locality: {} } };
  channels.set(name, new Arm(`xds:///${target}`, grpc.credentials.createInsecure(), { [BOOTSTRAP]: JSON.stringify(bootstrap) }));
  return {};
}

function call({ call: name, metadata }) {
  const sent = new grpc.Metadata();
  for (const [key, value] of Object.entries(metadata ?? {})) sent.set(key, value);
  return new Promise((resolve, reject) => channels.get(name).ask(
    Buffer.alloc(0), sent, { deadline: Date.now() + DEADLINE_MILLISECONDS },
    (error, arm) => error ? reject(error) : resolve({ arm: arm.toString() })));
}

function close({ close: name }) {
  channels.get(name)?.close();
  channels.delete(name);
  return {};
}

// What follows on an acknowledgement happens in the next turns of this loop, and nowhere else.
async function settle() {
  for (let turn = 0; turn < SETTLING_TURNS; turn++) await new Promise(setImmediate);
  return {};
}

async function answer(question) {
  try {
    return await (question.open ? open(question) : question.call ? call(question) : question.settle ? settle() : close(question));
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  answer(question).then((answered) => process.stdout.write(JSON.stringify({ id: question.id, ...answered }) + '\n'));
}
