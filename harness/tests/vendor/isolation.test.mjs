// Two accounts with two services each, ACLs off: nothing of one can be seen,
// guessed, paged or subscribed from another. Every REST operation and every
// request of the SDK plane is tried from each neighbour with ids, names, page
// tokens and continuation tokens of the others. The owner's same request is the
// control, and what the victims hold is compared before and after.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SyncClient } from 'twilio-sync';
import twilio from 'twilio';
import { Peer, sdkRequests } from './peer.mjs';
import { operations } from './schemas.mjs';
import { Service, connected, heard, reached, refused, subscribed, within } from './service.mjs';

const CONFIG = fileURLToPath(new URL('../../../fixtures/serve/isolation.json', import.meta.url));
const { accounts } = JSON.parse(readFileSync(CONFIG, 'utf8').replace(/^\/\/.*$/gm, ''));
const WAIT_MS = 10000;
const TYPES = {
  document: { collection: 'Documents', id: 'DocumentSid', prefix: 'ET' },
  list: { collection: 'Lists', id: 'ListSid', prefix: 'ES' },
  map: { collection: 'Maps', id: 'MapSid', prefix: 'MP' },
  stream: { collection: 'Streams', id: 'StreamSid', prefix: 'TO' },
};

const basic = (user, password) => `Basic ${btoa(`${user}:${password}`)}`;

// One service of one account, as its owner reaches it.
class Tenant {
  constructor(service, tag, account, at) {
    Object.assign(this, { service, tag, account });
    this.sid = account.services[at].service_sid;
    this.canary = account.services[at].objects[0].data.canary;
    const [key] = account.keys;
    this.key = key;
    this.logins = [basic(account.account_sid, account.auth_token), basic(key.api_key, key.api_secret)];
  }

  token(identity = 'ann', { service = this.sid, account = this.account.account_sid } = {}) {
    const token = new twilio.jwt.AccessToken(account, this.key.api_key, this.key.api_secret, { identity, ttl: 3600 });
    token.addGrant(new twilio.jwt.AccessToken.SyncGrant({ serviceSid: service }));
    return token.toJwt();
  }

  peer(t, continuation) {
    return Peer.start(t, this.service.ready.sdk, this.token(), continuation);
  }

  // Any request of the REST plane with this tenant's credentials; judged.
  async ask(method, path, form, login = this.logins[0]) {
    const url = new URL(path, this.service.ready.rest).href;
    const answer = await fetch(url, {
      method, headers: { authorization: login }, body: form && new URLSearchParams(form),
    });
    const text = await answer.text();
    const body = text === '' ? undefined : JSON.parse(text);
    this.service.judged({ method, url, status: answer.status, headers: Object.fromEntries(answer.headers), body });
    return { status: answer.status, text, body };
  }

  // Everything this service holds, as its owner sees it.
  async everything() {
    const root = `/v1/Services/${this.sid}`;
    const held = { service: (await this.ask('GET', root)).body };
    for (const { collection } of Object.values(TYPES)) {
      const { body } = await this.ask('GET', `${root}/${collection}?PageSize=100`);
      held[collection] = body[collection.toLowerCase()];
      for (const { links } of held[collection]) {
        for (const link of Object.values(links).filter((one) => !one.endsWith('/Messages'))) {
          held[link] = (await this.ask('GET', new URL(link).pathname)).body;
        }
      }
    }
    return held;
  }

  // The SIDs of its objects by type, of those that have this name.
  async sids(name) {
    const found = {};
    for (const [type, { collection }] of Object.entries(TYPES)) {
      const { status, body } = await this.ask('GET', `/v1/Services/${this.sid}/${collection}/${name}`);
      assert.equal(status, 200); // else the attacks below would aim at nothing
      found[type] = body.sid;
    }
    return found;
  }
}

async function neighbours(t) {
  const service = await Service.start(t, '--config', CONFIG, '--limits', 'off');
  const [a, b] = accounts;
  return [['A1', a, 0], ['A2', a, 1], ['B1', b, 0], ['B2', b, 1]]
    .map(([tag, account, at]) => new Tenant(service, tag, account, at));
}

// Nothing of the victim is in the text but what the asker wrote himself.
function assertSilent(text, victim, held, asked, what) {
  let rest = text;
  for (const own of asked) {
    rest = rest.replaceAll(own, '');
  }
  assert.ok(!rest.includes(victim.canary), `${what}: canary in ${text}`);
  assert.ok(!/identity-of-|key-of-|name of|canary/.test(rest), `${what}: a name in ${text}`);
  for (const sid of new Set(JSON.stringify(held).match(/\b(IS|ET|ES|MP|TO)[0-9a-f]{32}\b/g))) {
    assert.ok(!rest.includes(sid), `${what}: ${sid} in ${text}`);
  }
}

// Ways to fill an operation's path with what is the victim's: by SID and by
// name, under his service and under one's own.
async function pathsTo(attacker, victim) {
  const unique = `only-in-${victim.tag}`;
  const sids = await victim.sids(unique);
  const values = (service, object) => ({
    ServiceSid: service,
    DocumentSid: object('document'),
    ListSid: object('list'),
    MapSid: object('map'),
    StreamSid: object('stream'),
    Index: '0',
    Key: `key-of-${victim.tag}`,
    Identity: `identity-of-${victim.tag}`,
  });
  const ways = [values(attacker.sid, (type) => sids[type]), values(attacker.sid, () => unique)];
  if (attacker.account !== victim.account) { // else the service is the asker's own
    ways.push(values(victim.sid, (type) => sids[type]), values(victim.sid, () => unique), values(victim.sid, () => 'shared'));
  }
  return ways;
}

const OWN = { Service: 'ServiceSid', Document: 'DocumentSid', SyncList: 'ListSid', SyncMap: 'MapSid', SyncStream: 'StreamSid' };
const pathOf = (operation, values) => {
  const own = OWN[operation.id.replace(/^(Fetch|Update|Delete)/, '')];
  return operation.path.replace(/\{(\w+)\}/g, (_, name) => values[name === 'Sid' ? own : name]);
};
const FORMS = {
  UpdateService: { FriendlyName: 'taken over' },
  UpdateDocument: { Data: '{"taken":"over"}' },
  UpdateSyncListItem: { Data: '{"taken":"over"}' },
  UpdateSyncMapItem: { Data: '{"taken":"over"}' },
  CreateSyncListItem: { Data: '{"taken":"over"}' },
  CreateSyncMapItem: { Key: 'taken', Data: '{"taken":"over"}' },
  CreateStreamMessage: { Data: '{"taken":"over"}' },
};
const formOf = ({ id, method }) => (method !== 'POST' ? undefined
  : FORMS[id] ?? (id.endsWith('Permission') ? { Read: 'true', Write: 'true', Manage: 'true' } : { Ttl: '1' }));

// Under one's own service a creation in a collection is no attack.
const touches = (operation, values, attacker) => operation.path.includes('{') &&
  (values.ServiceSid !== attacker.sid || /\{(?!ServiceSid)\w+\}/.test(operation.path)) &&
  !(values.ServiceSid === attacker.sid && operation.id.endsWith('Service'));

test('every REST operation on what is a neighbour\'s is 404 and says nothing', async (t) => {
  const tenants = await neighbours(t);
  const before = new Map();
  for (const tenant of tenants) {
    before.set(tenant, await tenant.everything());
  }
  const tried = new Set();
  let count = 0;
  for (const attacker of tenants) {
    for (const victim of tenants.filter((one) => one !== attacker)) {
      for (const values of await pathsTo(attacker, victim)) {
        for (const operation of operations.filter((one) => touches(one, values, attacker))) {
          const path = pathOf(operation, values);
          const login = attacker.logins[count % attacker.logins.length];
          const { status, text, body } = await attacker.ask(operation.method, path, formOf(operation), login);
          assert.deepEqual([status, body.code], [404, 20404], `${attacker.tag}: ${operation.id} ${path}`);
          assertSilent(text, victim, before.get(victim), [path.slice('/v1'.length)], `${operation.id} ${path}`);
          tried.add(operation.id);
          count += 1;
        }
      }
    }
  }
  for (const tenant of tenants) {
    assert.deepEqual(await tenant.everything(), before.get(tenant), `${tenant.tag} is as it was`);
  }
  assert.deepEqual([...tried].toSorted(),
    operations.map(({ id }) => id).filter((id) => !['ListService', 'CreateService'].includes(id)).toSorted());
  t.diagnostic(`${count} requests refused`);
});

test('control: each owner\'s same requests succeed', async (t) => {
  const tenants = await neighbours(t);
  for (const owner of tenants) {
    const [, values] = await pathsTo(owner, owner); // by name under his service
    // What removes comes last, items and grants before their objects.
    const rank = ({ method, path }) => (method === 'DELETE' ? 100 - path.length : 0) + (path.endsWith('{Sid}') ? 1000 : 0) * (method === 'DELETE');
    const order = operations.filter(({ id, path }) => path.includes('{') && id !== 'DeleteService')
      .toSorted((one, other) => rank(one) - rank(other));
    for (const operation of order) {
      const { status } = await owner.ask(operation.method, pathOf(operation, values), formOf(operation));
      assert.equal(status, operation.status, `${owner.tag}: ${operation.id}`);
    }
    assert.equal((await owner.ask('DELETE', `/v1/Services/${owner.sid}`)).status, 204);
  }
});

test('lists of services and the word "default" stay inside the account', async (t) => {
  const tenants = await neighbours(t);
  for (const tenant of tenants) {
    const own = tenant.account.services.map(({ service_sid: sid }) => sid);
    for (const login of tenant.logins) {
      const { body } = await tenant.ask('GET', '/v1/Services', undefined, login);
      assert.deepEqual(body.services.map(({ sid }) => sid).toSorted(), own.toSorted());
      const { body: chosen } = await tenant.ask('GET', '/v1/Services/default', undefined, login);
      assert.equal(chosen.sid, own[0]);
      const { body: shared } = await tenant.ask('GET', '/v1/Services/default/Documents/shared', undefined, login);
      assert.equal(shared.service_sid, own[0]);
    }
  }
  const [a1, , b1] = tenants;
  const mixed = [basic(a1.account.account_sid, b1.account.auth_token), basic(a1.key.api_key, b1.key.api_secret),
    basic(b1.account.account_sid, a1.key.api_secret)];
  for (const login of mixed) {
    assert.equal((await a1.ask('GET', '/v1/Services', undefined, login)).status, 401);
  }
});

test('a page token opens no page of a neighbour', async (t) => {
  const tenants = await neighbours(t);
  const collections = (sid) => ['Documents', 'Lists', 'Maps', 'Streams', 'Lists/shared/Items', 'Maps/shared/Items']
    .map((one) => `/v1/Services/${sid}/${one}`);
  for (const victim of tenants) {
    for (const [at, path] of collections(victim.sid).entries()) {
      const { body } = await victim.ask('GET', `${path}?PageSize=1`);
      const next = new URL(body.meta.next_page_url);
      assert.equal((await victim.ask('GET', next.pathname + next.search)).status, 200); // control
      for (const attacker of tenants.filter((one) => one !== victim)) {
        const own = collections(attacker.sid)[at];
        const carried = await attacker.ask('GET', own + next.search);
        assert.deepEqual([carried.status, carried.body.code], [400, 54453], `${attacker.tag} ${own}${next.search}`);
        if (attacker.account !== victim.account) {
          const verbatim = await attacker.ask('GET', next.pathname + next.search);
          assert.ok([400, 404].includes(verbatim.status));
          assert.ok(!verbatim.text.includes(victim.canary));
        }
      }
    }
  }
});

// --- the SDK plane -----------------------------------------------------------

test('every SDK request about what is a neighbour\'s is refused and says nothing', async (t) => {
  const tenants = await neighbours(t);
  let count = 0;
  for (const victim of tenants) {
    const held = await victim.everything();
    const sids = await victim.sids(`only-in-${victim.tag}`);
    const names = Object.fromEntries(Object.keys(TYPES).map((type) => [type, `only-in-${victim.tag}`]));
    for (const attacker of tenants.filter((one) => one !== victim)) {
      const peer = await attacker.peer(t);
      assert.equal(peer.reply.status.code, 200);
      const requests = [attacker.sid, victim.sid].flatMap((service) =>
        [sids, names].flatMap((ids) => sdkRequests(service, ids, `key-of-${victim.tag}`)));
      for (const [method, path, body, params] of requests) {
        peer.told.length = 0;
        const { status } = await peer.request(method, path, body, params);
        assert.ok(status === 404 || status === 403, `${attacker.tag}: ${method} ${path} gave ${status}`);
        assertSilent(peer.told.join(), victim, held, [path], `${method} ${path}`);
        count += 1;
      }
    }
    assert.deepEqual(await victim.everything(), held, `${victim.tag} is as it was`);

    // Control: the owner, by SID; what removes comes last.
    const owner = await victim.peer(t);
    const own = sdkRequests(victim.sid, sids, `key-of-${victim.tag}`);
    const isDelete = ([method, path]) => (method !== 'DELETE' ? 0 : path.includes('/Items/') ? 1 : 2);
    for (const [method, path, body, params] of own.toSorted((one, other) => isDelete(one) - isDelete(other))) {
      const { status } = await owner.request(method, path, body, params);
      assert.ok(status >= 200 && status < 300, `owner ${victim.tag}: ${method} ${path} gave ${status}`);
    }
  }
  t.diagnostic(`${count} requests refused`);
});

test('no subscription to what is a neighbour\'s is established, no event of his comes', async (t) => {
  const tenants = await neighbours(t);
  const sidsOf = new Map();
  for (const tenant of tenants) {
    sidsOf.set(tenant, await tenant.sids('shared'));
  }
  const peers = new Map();
  for (const tenant of tenants) {
    const peer = await tenant.peer(t);
    peers.set(tenant, peer);
    const requests = tenants.flatMap((owner) => Object.entries(sidsOf.get(owner))
      .map(([type, sid]) => ({ object_sid: sid, object_type: type, last_event_id: type === 'stream' ? null : 0 })));
    const outcomes = await peer.subscribe(requests);
    for (const owner of tenants) {
      for (const sid of Object.values(sidsOf.get(owner))) {
        assert.equal(outcomes.get(sid), owner === tenant ? 'established' : 404);
      }
    }
  }

  // Each changes all that is his; each hears of his own changes alone.
  for (const tenant of tenants) {
    const root = `/v1/Services/${tenant.sid}`;
    const Data = JSON.stringify({ canary: tenant.canary, again: true });
    await tenant.ask('POST', `${root}/Documents/shared`, { Data });
    await tenant.ask('POST', `${root}/Lists/shared/Items`, { Data });
    await tenant.ask('POST', `${root}/Maps/shared/Items`, { Key: 'again', Data });
    await tenant.ask('POST', `${root}/Streams/shared/Messages`, { Data });
  }
  for (const tenant of tenants) {
    const peer = peers.get(tenant);
    // A fence: what each gets after all these changes.
    const fence = within(new Promise((resolve) => {
      peer.listeners.add(({ event_type: type }) => type === 'document_removed' && resolve());
    }), WAIT_MS, 'fence');
    await tenant.ask('DELETE', `/v1/Services/${tenant.sid}/Documents/shared`);
    await fence;
    const types = peer.notes.filter(({ correlation_id: of }) => of === undefined).map(({ event_type: type }) => type);
    assert.deepEqual(types.toSorted(), ['document_removed', 'document_updated', 'list_item_added', 'map_item_added', 'stream_message_published']);
    for (const other of tenants.filter((one) => one !== tenant)) {
      assert.ok(!JSON.stringify(peer.notes).includes(other.canary), `${tenant.tag} heard of ${other.tag}`);
    }
  }
});

test('a stolen continuation token gives nothing of its owner', async (t) => {
  const [a1, a2, b1] = await neighbours(t);
  const victim = await a1.peer(t);
  const sids = await a1.sids('shared');
  const subscribedTo = await victim.subscribe([{ object_sid: sids.document, object_type: 'document', last_event_id: 0 }]);
  assert.equal(subscribedTo.get(sids.document), 'established');
  const { continuation_token: continuation, offline_storage: storage } = victim.reply;

  for (const thief of [a2, b1]) {
    const peer = await thief.peer(t, continuation);
    assert.equal(peer.reply.status.code, 200);
    assert.equal(peer.reply.continuation_token_status.reissued, true);
    assert.notEqual(peer.reply.continuation_token, continuation);
    assert.notEqual(peer.reply.offline_storage.data_sync.storage_id, storage.data_sync.storage_id);
    assert.equal((await peer.request('GET', `/v3/Documents/${sids.document}`)).status, 404);
    const heardOf = within(new Promise((resolve) => {
      victim.listeners.add(({ event_type: type }) => type === 'document_updated' && resolve());
    }), WAIT_MS, 'the owner\'s event');
    await a1.ask('POST', `/v1/Services/${a1.sid}/Documents/shared`, { Data: JSON.stringify({ by: thief.tag }) });
    await heardOf;
    await peer.request('GET', '/v3/Documents/none'); // a fence
    assert.deepEqual(peer.notes, []);
  }
  const again = await a1.peer(t, continuation); // control
  assert.equal(again.reply.continuation_token_status.reissued, false);
});

test('a token opens no service but its account\'s own, whatever it claims', async (t) => {
  const [a1, a2, b1] = await neighbours(t);
  const { service } = a1;
  const denied = [
    b1.token('ann', { service: a1.sid }), // signed by B, for A's service
    b1.token('ann', { service: a1.sid, account: a1.account.account_sid }), // and in A's name
    b1.token('ann', { account: a1.account.account_sid }),
  ];
  for (const token of denied) {
    const client = new SyncClient(token, { Twilsock: { uri: service.ready.sdk } });
    service.clients.push(client);
    const { terminal, errorCode } = await heard(client, 'connectionError');
    assert.ok(terminal && [20103, 20106, 20107].includes(errorCode), `${errorCode}`);
    await reached(client, 'denied');
  }
  for (const tenant of [a1, a2, b1]) { // control
    const client = new SyncClient(tenant.token(), { Twilsock: { uri: service.ready.sdk } });
    service.clients.push(client);
    await connected(client);
  }
  // "default" is the default service of the token's own account.
  const client = new SyncClient(b1.token('ann', { service: 'default' }), { Twilsock: { uri: service.ready.sdk } });
  service.clients.push(client);
  await connected(client);
  assert.deepEqual((await client.document({ id: 'shared', mode: 'open_existing' })).data, { canary: b1.canary });
});

test('the SDK of one identity in two services works on two sets of objects', async (t) => {
  const [a1, a2, b1] = await neighbours(t);
  const clients = [];
  for (const tenant of [a1, a2, b1]) {
    const client = new SyncClient(tenant.token(), { Twilsock: { uri: tenant.service.ready.sdk } });
    tenant.service.clients.push(client);
    await connected(client);
    clients.push(client);
  }
  const docs = await Promise.all(clients.map((client) => client.document({ id: 'shared', mode: 'open_existing' })));
  await Promise.all(docs.map(subscribed));
  assert.deepEqual(docs.map(({ data }) => data.canary), [a1, a2, b1].map(({ canary }) => canary));
  const heardOf = docs.map(() => []);
  docs.forEach((doc, n) => doc.on('updated', ({ data, isLocal }) => !isLocal && heardOf[n].push(data.by)));

  await docs[0].set({ by: 'a1' });
  for (const [n, tenant] of [a1, a2, b1].entries()) {
    const fence = heard(docs[n], 'updated', ({ data }) => data.by === 'fence');
    await tenant.ask('POST', `/v1/Services/${tenant.sid}/Documents/shared`, { Data: '{"by":"fence"}' });
    await fence;
  }
  assert.deepEqual(heardOf, [['fence'], ['fence'], ['fence']]);

  for (const [kind, { prefix }] of Object.entries(TYPES)) {
    const sid = (await a1.sids('only-in-A1'))[kind];
    assert.ok(sid.startsWith(prefix));
    for (const stranger of clients.slice(1)) {
      await assert.rejects(stranger[kind]({ id: sid, mode: 'open_existing' }), (error) => error.status === 404);
      await refused(stranger[kind]({ id: 'only-in-A1', mode: 'open_existing' }), 404, 54300);
      const own = await stranger[kind]({ id: 'only-in-A1', mode: 'create_new' }); // the name is free here
      assert.notEqual(own.sid, sid);
    }
    assert.equal((await clients[0][kind]({ id: 'only-in-A1', mode: 'open_existing' })).sid, sid);
  }
});
