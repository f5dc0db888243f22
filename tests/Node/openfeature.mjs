// OpenFeature's own SDKs with their OFREP providers as clients of a running server, told what to do line by line:
//   node openfeature.mjs BASE_URL
//   {"do":"server","key":KEY,"flag":...,"type":"boolean|string|number|object","default":...,"context":{...}}
//   {"do":"open","page":NAME,"key":KEY,"context":{...}}    a page: the web SDK with a provider of its own; follows changes
//   {"do":"read","page":NAME,"flag":...,"type":...,"default":...}
//   {"do":"context","page":NAME,"context":{...}}
//   {"do":"watch","page":NAME}                              counts the page's changes from now on; answers at once
//   {"do":"changed","page":NAME}                            answers after the first change of a flag since "watch"
import { EventSource } from 'eventsource';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature as Server } from '@openfeature/server-sdk';
import { OpenFeature as Web, ProviderEvents } from '@openfeature/web-sdk';
import { lines } from './lines.mjs';

const [baseUrl] = process.argv.slice(2);
const details = { boolean: 'getBooleanDetails', string: 'getStringDetails', number: 'getNumberDetails', object: 'getObjectDetails' };
const pages = new Map();

// Browsers have it; it sends no header, so the stream's address must open it.
globalThis.EventSource = EventSource;

const quiet = { error() {}, warn() {}, info() {}, debug() {} };
Server.setLogger(quiet);
Web.setLogger(quiet);

const headers = (key) => (key ? [['Authorization', `Bearer ${key}`]] : []);

async function evaluateOnServer({ key, flag, type, context, default: fallback }) {
  const domain = `server-${key}`;
  await Server.setProviderAndWait(domain, new OFREPProvider({ baseUrl, headers: headers(key) }));
  return Server.getClient(domain)[details[type]](flag, fallback, context);
}

async function open({ page, key, context }) {
  await Web.setContext(page, context);
  const client = Web.getClient(page);
  const state = { client, changes: [], waiting: undefined };
  client.addHandler(ProviderEvents.ConfigurationChanged, (event) => {
    // Two evaluations on the way at once bring the same news: the second one changes nothing.
    if (!event?.flagsChanged?.length) return;
    state.changes.push(event.flagsChanged);
    state.waiting?.();
  });
  pages.set(page, state);
  const provider = new OFREPWebProvider({ baseUrl, headers: headers(key), cacheMode: 'disabled' });
  await Web.setProviderAndWait(page, provider);
  return { status: client.providerStatus, flags: Object.keys(provider.flagCache).sort() };
}

async function changed({ page }) {
  const state = pages.get(page);
  while (state.changes.length === 0) {
    await new Promise((resolve) => { state.waiting = resolve; });
  }

  return { flagsChanged: state.changes.shift() };
}

await lines(async (question) => {
  const page = pages.get(question.page);
  switch (question.do) {
    case 'server':
      return evaluateOnServer(question);
    case 'open':
      return open(question);
    case 'read':
      return page.client[details[question.type]](question.flag, question.default);
    case 'context':
      await Web.setContext(question.page, question.context);
      return {};
    case 'watch':
      page.changes.length = 0;
      return {};
    case 'changed':
      return changed(question);
    default:
      throw new Error(`do: ${question.do}`);
  }
});
process.exit(0);
