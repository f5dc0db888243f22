// A service and a page, both with OpenFeature's own SDKs; Delivery is behind the standard OFREP providers.
import { EventSource } from 'eventsource';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature as Service } from '@openfeature/server-sdk';
import { OpenFeature as Page, ProviderEvents } from '@openfeature/web-sdk';
import { configure, flag, issueKey } from './management.mjs';

const [server, adminKey] = process.argv.slice(2);
if (!server || !adminKey) {
  console.error('usage: npm start -- SERVER ADMIN_KEY   (as `dotnet run --project AppHost` printed them)');
  process.exit(2);
}

const admin = { server, key: adminKey };
await configure(admin, 'warm');

// A service: every evaluation asks the server, with the context of the request at hand.
const serviceKey = await issueKey(admin, 'server-sdk');
await Service.setProviderAndWait(new OFREPProvider({ baseUrl: server, headers: [['Authorization', `Bearer ${serviceKey}`]] }));
const service = Service.getClient();
for (const context of [{ targetingKey: 'anna', country: 'DE' }, { targetingKey: 'bob', country: 'US' }]) {
  const { value, variant, reason, flagMetadata } = await service.getStringDetails(flag, 'Hi', context);
  console.log(`service: ${context.targetingKey} reads "${value}" (${variant}, ${reason}, flag version ${flagMetadata.version})`);
}

// A page: one evaluation of all flags for its one user, kept in memory; the server tells when to evaluate anew.
// Browsers have EventSource; Node gets it from a package.
globalThis.EventSource ??= EventSource;
const pageKey = await issueKey(admin, 'client-sdk', ['http://localhost:3000']);
await Page.setContext({ targetingKey: 'anna', country: 'DE' });
await Page.setProviderAndWait(new OFREPWebProvider({ baseUrl: server, headers: [['Authorization', `Bearer ${pageKey}`]], cacheMode: 'disabled' }));
const page = Page.getClient();
console.log(`page: anna reads "${page.getStringValue(flag, 'Hi')}"`);

const changed = new Promise((resolve) => page.addHandler(ProviderEvents.ConfigurationChanged, resolve));
console.log('someone configures the flag to serve the short greeting ...');
await configure(admin, 'short');
const { flagsChanged } = await changed;
console.log(`page: told that ${flagsChanged.join(', ')} changed; anna reads "${page.getStringValue(flag, 'Hi')}"`);

await Page.close();
await Service.close();
