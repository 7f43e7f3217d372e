// The schemas bite: no property can go, come or change its type unnoticed, and
// the table of operations is whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, operations, schemas, unfit } from './schemas.mjs';

const SID = '0123456789abcdef0123456789abcdef';
const HOST = 'http://127.0.0.1:1/v1/Services';
const SERVICE = `${HOST}/IS${SID}`;
const DATE = '2026-02-28T23:59:59Z';
const OWNERS = { account_sid: `AC${SID}`, service_sid: `IS${SID}` };
const LIFE = { date_expires: DATE, date_created: DATE, date_updated: DATE, created_by: 'ann' };
const GRANT = { ...OWNERS, identity: 'a b', read: true, write: false, manage: false };

function objectOf(prefix, collection, links, rest) {
  const url = `${SERVICE}/${collection}/${prefix}${SID}`;
  return {
    sid: `${prefix}${SID}`,
    unique_name: 'n',
    ...OWNERS,
    url,
    links: Object.fromEntries(links.map((link) => [link, `${url}/${link[0].toUpperCase()}${link.slice(1)}`])),
    ...rest,
    ...LIFE,
  };
}

const CONTAINER = ['items', 'permissions'];
const resources = {
  service: {
    sid: `IS${SID}`,
    unique_name: 'default',
    account_sid: `AC${SID}`,
    friendly_name: 'mine',
    date_created: DATE,
    date_updated: DATE,
    url: SERVICE,
    webhook_url: 'https://example.com/hook',
    webhooks_from_rest_enabled: false,
    reachability_webhooks_enabled: false,
    acl_enabled: true,
    reachability_debouncing_enabled: false,
    reachability_debouncing_window: 5000,
    links: {
      documents: `${SERVICE}/Documents`,
      lists: `${SERVICE}/Lists`,
      maps: `${SERVICE}/Maps`,
      streams: `${SERVICE}/Streams`,
    },
  },
  document: objectOf('ET', 'Documents', ['permissions'], { revision: '1f', data: { n: 1 } }),
  list: objectOf('ES', 'Lists', CONTAINER, { revision: '0' }),
  map: objectOf('MP', 'Maps', CONTAINER, { revision: 'a0' }),
  stream: objectOf('TO', 'Streams', ['messages'], {}),
  'list-item': {
    index: 10,
    ...OWNERS,
    list_sid: `ES${SID}`,
    url: `${SERVICE}/Lists/ES${SID}/Items/10`,
    revision: '2',
    data: {},
    ...LIFE,
  },
  'map-item': {
    key: 'a/é',
    ...OWNERS,
    map_sid: `MP${SID}`,
    url: `${SERVICE}/Maps/MP${SID}/Items/a%2F%C3%A9`,
    revision: '2',
    data: {},
    ...LIFE,
  },
  'stream-message': { sid: `TZ${SID}`, data: { n: 1 } },
  'document-permission': {
    ...GRANT, document_sid: `ET${SID}`, url: `${SERVICE}/Documents/ET${SID}/Permissions/a%20b`,
  },
  'list-permission': {
    ...GRANT, list_sid: `ES${SID}`, url: `${SERVICE}/Lists/ES${SID}/Permissions/a%20b`,
  },
  'map-permission': {
    ...GRANT, map_sid: `MP${SID}`, url: `${SERVICE}/Maps/MP${SID}/Permissions/a%20b`,
  },
  error: {
    code: 20404,
    message: 'gone',
    more_info: 'https://www.twilio.com/docs/errors/20404',
    status: 404,
  },
};

const page = (key, element) => ({
  [key]: [element],
  meta: {
    key,
    page: 1,
    page_size: 50,
    url: `${HOST}?PageSize=50&Page=1&PageToken=t`,
    first_page_url: `${HOST}?PageSize=50&Page=0`,
    next_page_url: `${HOST}?PageSize=50&Page=2&PageToken=u`,
    previous_page_url: `${HOST}?PageSize=50&Page=0&PageToken=s`,
  },
});

for (const name of [...schemas.keys()].filter((one) => one.startsWith('page-'))) {
  const { properties } = schemas.get(name);
  const key = Object.keys(properties).find((one) => one !== 'meta');
  resources[name] = page(key, resources[properties[key].items.$ref.replace('.json', '')]);
}

// Where rest.md's shapes allow null. Everywhere else null must be refused.
const NULLABLE = new Set(['unique_name', 'friendly_name', 'webhook_url', 'date_expires',
  'next_page_url', 'previous_page_url']);

// A value of every JSON type that is not the one at hand; a fraction for an integer.
function otherTypes(value) {
  const kind = (one) => (one === null ? 'null' : Array.isArray(one) ? 'array' : typeof one);
  return ['text', 7.5, true, null, [], { odd: 1 }]
    .filter((one) => kind(one) !== kind(value) || typeof value === 'number');
}

// Every object inside a resource: its path, and how to put another in its place.
function* objects(value, path, put) {
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) {
      yield* objects(one, `${path}/${at}`, (other) => put(value.with(at, other)));
    }
  } else if (value !== null && typeof value === 'object') {
    yield { path, value, put };
    for (const [name, one] of Object.entries(value)) {
      if (name !== 'data') { // the user's own, open to everything
        yield* objects(one, `${path}/${name}`, (other) => put({ ...value, [name]: other }));
      }
    }
  }
}

// Each way to spoil one property of one object, and how it is called.
function* spoilt({ path, value, put }) {
  yield [`${path} +extra`, put({ ...value, extra: 'x' })];
  for (const [name, one] of Object.entries(value)) {
    const { [name]: _, ...rest } = value;
    yield [`${path} -${name}`, put(rest)];
    for (const other of otherTypes(one)) {
      if (!(other === null && NULLABLE.has(name))) {
        yield [`${path} ${name}=${JSON.stringify(other)}`, put({ ...value, [name]: other })];
      }
    }
  }
}

const named = [...schemas.keys()].filter((name) => name !== 'common' && !name.startsWith('headers-'));

test('every schema has an example, and every example fits', () => {
  assert.deepEqual(Object.keys(resources).toSorted(), named.toSorted());
  for (const name of named) {
    assert.deepEqual(unfit(name, resources[name]), []);
  }
});

for (const name of named) {
  test(`${name}: each property dropped, added, mistyped is refused`, (t) => {
    let count = 0;
    for (const object of objects(resources[name], '', (other) => other)) {
      for (const [what, body] of spoilt(object)) {
        assert.notDeepEqual(unfit(name, body), [], `${name}${what} went unnoticed`);
        count += 1;
      }
    }
    assert.ok(count > Object.keys(resources[name]).length * 5);
    t.diagnostic(`${count} spoilt bodies refused`);
  });
}

test('null is accepted exactly where it is declared', () => {
  for (const name of named) {
    for (const { value, put } of objects(resources[name], '', (other) => other)) {
      for (const property of Object.keys(value)) {
        const isFit = unfit(name, put({ ...value, [property]: null })).length === 0;
        assert.equal(isFit, NULLABLE.has(property), `${name} ${property}`);
      }
    }
  }
});

test('formats are tight', () => {
  const bad = {
    sid: [`ET${SID.toUpperCase()}`, `ES${SID}`, `ET${SID}0`, `ET${SID.slice(1)}`],
    unique_name: ['', `ET${SID}`, 'x'.repeat(321)],
    revision: ['1F', '01', '', 'g', '-1'],
    date_created: ['2026-02-28T23:59:59.000Z', '2026-02-28 23:59:59Z', '2026-02-28T23:59:59+00:00',
      '2026-13-28T23:59:59Z', '2026-02-28T24:00:00Z'],
    url: [`/v1/Services/IS${SID}/Documents/ET${SID}`, `${SERVICE}/Lists/ET${SID}`, `${SERVICE}/Documents/n`],
    created_by: ['', 'x'.repeat(257)],
    data: [[], 'text'],
  };
  for (const [property, values] of Object.entries(bad)) {
    for (const value of values) {
      assert.notDeepEqual(unfit('document', { ...resources.document, [property]: value }), [],
        `${property}=${JSON.stringify(value)}`);
    }
  }
});

const CORS = Object.fromEntries(['origin', 'methods', 'headers', 'credentials'].map((name) =>
  [`access-control-allow-${name}`, name === 'credentials' ? 'true' : 'GET']));
const headers = {
  ...CORS,
  'access-control-expose-headers': 'ETag',
  'content-type': 'application/json;charset=utf-8',
  'content-length': '9',
  'twilio-request-id': `RQ${SID}`,
};
const fetched = {
  method: 'get',
  url: resources.document.url,
  status: 200,
  headers: { ...headers, etag: '"1f"' },
  body: resources.document,
};

test('a sound response has no faults', () => {
  assert.deepEqual(judge(fetched).faults, []);
  assert.equal(judge(fetched).operation.id, 'FetchDocument');
});

test('each header that is missing or odd is a fault', () => {
  for (const name of Object.keys(fetched.headers)) {
    const { [name]: _, ...rest } = fetched.headers;
    assert.notDeepEqual(judge({ ...fetched, headers: rest }).faults, [], `without ${name}`);
    assert.notDeepEqual(judge({ ...fetched, headers: { ...rest, [name]: '' } }).faults, [], `empty ${name}`);
  }
  assert.notDeepEqual(judge({ ...fetched, headers: { ...fetched.headers, etag: '"1e"' } }).faults, []);
});

test('an undeclared status, a lying error and a stray body are faults', () => {
  const error = { ...fetched, headers, status: 404, body: resources.error };
  assert.deepEqual(judge(error).faults, []);
  for (const status of [201, 202, 204, 302, 403, 405, 500]) {
    assert.notDeepEqual(judge({ ...fetched, status }).faults, [], `status ${status}`);
  }
  assert.notDeepEqual(judge({ ...error, body: { ...error.body, status: 400 } }).faults, []);
  assert.notDeepEqual(judge({ ...error, body: { ...error.body, code: 20003 } }).faults, []);
  const { 'content-type': _, 'content-length': __, ...bare } = headers;
  const removed = { method: 'delete', url: fetched.url, status: 204, headers: bare };
  assert.deepEqual(judge(removed).faults, []);
  assert.notDeepEqual(judge({ ...removed, body: {} }).faults, []);
  assert.notDeepEqual(judge({ ...removed, headers }).faults, []);
});

test('the table names 48 operations, each with schemas that exist', () => {
  assert.equal(operations.length, 48);
  assert.equal(new Set(operations.map((one) => one.id)).size, 48);
  assert.equal(new Set(operations.map((one) => `${one.method} ${one.path}`)).size, 48);
  for (const { id, schema, headers: wanted, status } of operations) {
    assert.ok(schema === null ? status === 204 : schemas.has(schema), id);
    assert.ok(schemas.has(wanted), id);
  }
});
