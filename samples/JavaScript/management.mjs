// What a person does in the console, by Delivery's own API: the flag, its configuration, and keys for who evaluates it.
export const flag = 'javascript-greeting';

const environment = 'production';

const alreadyThere = 409;

async function call({ server, key }, method, path, body, accepted = []) {
  const response = await fetch(`${server}/api/v1/${path}`, {
    method,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok && !accepted.includes(response.status)) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** People in Germany get a variant, everyone else the plain greeting. May be repeated. */
export async function configure(admin, variant) {
  await call(admin, 'POST', 'flags', {
    key: flag,
    type: 'string',
    variants: [
      { key: 'plain', value: 'Hello' },
      { key: 'warm', value: 'Grüß dich' },
      { key: 'short', value: 'Moin' },
    ],
    offVariant: 'plain',
    clientVisible: true,
    comment: 'the JavaScript sample',
  }, [alreadyThere]);
  await call(admin, 'PUT', `flags/${flag}/environments/${environment}`, {
    rules: [
      {
        id: 'germany',
        condition: { attribute: 'country', operator: 'in', values: ['DE'] },
        serve: { variant },
      },
    ],
    comment: `the JavaScript sample serves ${variant}`,
  });
}

/** A key shown once; a client key may sit in a page, and names the origins whose pages may use it. */
export async function issueKey(admin, role, allowedOrigins = []) {
  const issued = await call(admin, 'POST', 'keys', { name: `javascript sample, ${role}`, role, environment, allowedOrigins });
  return issued.key;
}
