// Every Sync call of the helper library `twilio`, and every operation of the
// API through it: what each call makes of the stored state, with each response
// judged against the schemas.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations } from './schemas.mjs';
import { Service, refused } from './service.mjs';

const NOBODY = '0'.repeat(32);
const UNKNOWN = {
  ServiceSid: `IS${NOBODY}`, DocumentSid: `ET${NOBODY}`, ListSid: `ES${NOBODY}`,
  MapSid: `MP${NOBODY}`, StreamSid: `TO${NOBODY}`, Index: '0', Key: 'k', Identity: 'ann',
};

// Count the calls of every function of `target`, so that none is forgotten.
function counted(target, name, called) {
  return new Proxy(target, {
    get(object, property) {
      const value = Reflect.get(object, property);
      if (typeof value !== 'function') {
        return value;
      }
      return (...args) => {
        called.add(`${name}.${String(property)}`);
        return value.apply(object, args);
      };
    },
  });
}

const plain = (instance) => JSON.parse(JSON.stringify(instance));

async function walkedPages(collection, fetched) {
  const first = await collection.page({ pageSize: 1 });
  assert.equal(first.instances.length, 1);
  const second = await first.nextPage();
  assert.notDeepEqual(plain(second.instances[0]), plain(first.instances[0]));
  const back = await second.previousPage();
  assert.deepEqual(plain(back.instances), plain(first.instances));
  const again = await collection.getPage(first.nextPageUrl);
  assert.deepEqual(plain(again.instances), plain(second.instances));
  const pageInfo = await collection.pageWithHttpInfo({ pageSize: 100 });
  assert.equal(pageInfo.statusCode, 200);
  assert.deepEqual(plain(pageInfo.body.instances), fetched);
  const sameInfo = await collection.getPageWithHttpInfo(first.nextPageUrl);
  assert.equal(sameInfo.statusCode, 200);
  assert.deepEqual(plain(sameInfo.body.instances), plain(second.instances));
}

// The six ways to read a collection agree.
async function listed(collection) {
  const all = plain(await collection.list());
  const each = [];
  await new Promise((resolve, reject) => {
    collection.each({
      pageSize: 2,
      callback: (one) => each.push(plain(one)),
      done: (error) => (error ? reject(error) : resolve()),
    });
  });
  assert.deepEqual(each, all);
  const info = await collection.listWithHttpInfo();
  assert.equal(info.statusCode, 200);
  assert.deepEqual(plain(info.body), all);
  const eachInfo = [];
  await new Promise((resolve, reject) => {
    collection.eachWithHttpInfo({
      callback: (one) => eachInfo.push(plain(one)),
      done: (error) => (error ? reject(error) : resolve()),
    });
  });
  assert.deepEqual(eachInfo, all);
  assert.deepEqual(plain(await collection.list({ limit: 1 })), all.slice(0, 1));
  await walkedPages(collection, all);
  return all;
}

async function fetched(call, id) {
  const context = call(id);
  const one = await context.fetch();
  const info = await context.fetchWithHttpInfo();
  assert.equal(info.statusCode, 200);
  assert.deepEqual(plain(info.body), plain(one));
  assert.deepEqual(plain(await one.fetch()), plain(one));
  assert.deepEqual(plain((await one.fetchWithHttpInfo()).body), plain(one));
  return one;
}

// Three changes by the three ways to update; `seen` must tell them apart.
async function updated(call, id, { change, seen }) {
  const context = call(id);
  assert.deepEqual(seen(await context.update(change(1))), seen(await context.fetch()));
  const one = seen(await context.fetch());
  const info = await context.updateWithHttpInfo(change(2));
  assert.equal(info.statusCode, 200);
  const two = seen(await context.fetch());
  assert.deepEqual(seen(info.body), two);
  assert.notDeepEqual(two, one);
  const three = await (await context.fetch()).update(change(3));
  assert.deepEqual(seen(three), seen(await context.fetch()));
  assert.notDeepEqual(seen(three), two);
  assert.deepEqual(seen((await three.updateWithHttpInfo(change(1))).body), one);
}

// Three elements go by the three ways to remove.
async function removed(call, ids) {
  assert.equal(await call(ids[0]).remove(), true);
  assert.deepEqual((await call(ids[1]).removeWithHttpInfo()).statusCode, 204);
  assert.equal(await (await call(ids[2]).fetch()).remove(), true);
  assert.equal((await (await call(ids[3]).fetch()).removeWithHttpInfo()).statusCode, 204);
  for (const id of ids) {
    await refused(call(id).fetch(), 404, 20404);
    await refused(call(id).remove(), 404, 20404);
  }
}

// `collection` as the library has it: a function of an id, with the calls of
// the collection as properties. The plan names ids and parameters.
async function everyCall(name, collection, plan, called) {
  const all = counted(collection, name, called);
  const call = (id) => counted(collection(id), `${name}()`, called);
  const ids = [];
  for (let n = 1; n <= 4; n += 1) {
    if (n === 1 || plan.create === undefined) {
      ids.push(plan.create ? plan.id(await all.create(plan.create(n))) : await plan.put(call, n));
    } else {
      const info = await all.createWithHttpInfo(plan.create(n));
      assert.equal(info.statusCode, 201);
      ids.push(plan.id(info.body));
    }
  }
  for (const [at, id] of ids.entries()) {
    plan.check(await fetched(call, id), at + 1);
  }
  await updated(call, ids[0], plan);
  const found = (await listed(all)).map(plan.id);
  for (const id of ids) {
    assert.ok(found.includes(id), `${name} ${id} is listed`);
  }
  await removed(call, ids);
  assert.deepEqual((await all.list()).map(plan.id).filter((id) => ids.includes(id)), []);
}

const GRANTS = [
  { read: true, write: false, manage: false },
  { read: true, write: true, manage: false },
  { read: false, write: false, manage: true },
  { read: true, write: true, manage: true },
];
const flags = ({ read, write, manage }) => ({ read, write, manage });
const grantPlan = {
  put: async (call, n) => {
    const set = await call(`user ${n}@x`).update(GRANTS[n - 1]);
    assert.deepEqual(flags(set), GRANTS[n - 1]);
    return set.identity;
  },
  id: (one) => one.identity,
  check: (one, n) => assert.deepEqual({ identity: one.identity, ...flags(one) },
    { identity: `user ${n}@x`, ...GRANTS[n - 1] }),
  change: (n) => GRANTS[n],
  seen: flags,
};

const ttlOf = (one) => (one.dateExpires === null ? null : Math.round((one.dateExpires - one.dateCreated) / 1000));
const objectPlan = {
  create: (n) => ({ uniqueName: `n${n}` }),
  id: (one) => one.sid,
  check: (one, n) => assert.deepEqual({ name: one.uniqueName, by: one.createdBy, ttl: ttlOf(one) },
    { name: `n${n}`, by: 'system', ttl: null }),
  change: (n) => ({ ttl: 1000 * n }),
  seen: ttlOf,
};
const dataPlan = {
  ...objectPlan,
  create: (n) => ({ uniqueName: `n${n}`, data: { n } }),
  check: (one, n) => {
    objectPlan.check(one, n);
    assert.deepEqual(one.data, { n });
  },
  change: (n) => ({ data: { changed: n } }),
  seen: (one) => one.data,
};
const itemPlan = {
  ...dataPlan,
  create: (n) => ({ data: { n } }),
  id: (one) => one.index,
  check: (one, n) => assert.deepEqual({ index: one.index, data: one.data }, { index: n - 1, data: { n } }),
};
const mapItemPlan = {
  ...itemPlan,
  create: (n) => ({ key: `k ${n}`, data: { n } }),
  id: (one) => one.key,
  check: (one, n) => assert.deepEqual({ key: one.key, data: one.data }, { key: `k ${n}`, data: { n } }),
};
const servicePlan = {
  create: (n) => ({ friendlyName: `s${n}`, reachabilityDebouncingWindow: 1000 * n }),
  id: (one) => one.sid,
  check: (one, n) => assert.deepEqual([one.friendlyName, one.reachabilityDebouncingWindow, one.aclEnabled],
    [`s${n}`, 1000 * n, false]),
  change: (n) => ({ friendlyName: `changed ${n}` }),
  seen: (one) => one.friendlyName,
};

const CALLS = {
  collection: ['list', 'each', 'page', 'getPage'],
  element: ['fetch', 'update', 'remove'],
};

test('every Sync call of the library does what it says', async (t) => {
  // A virtual clock stands still, so that deadlines are exact.
  const service = await Service.start(t, '--limits', 'off', '--virtual-clock');
  const { services } = service.rest().sync.v1;
  const one = service.instance();
  await one.documents.create({ uniqueName: 'host' });
  await one.syncLists.create({ uniqueName: 'host' });
  await one.syncMaps.create({ uniqueName: 'host' });
  const list = one.syncLists('host');
  const map = one.syncMaps('host');
  const called = new Set();
  const plans = {
    services: [services, servicePlan],
    documents: [one.documents, dataPlan],
    syncLists: [one.syncLists, objectPlan],
    syncMaps: [one.syncMaps, objectPlan],
    syncStreams: [one.syncStreams, objectPlan],
    syncListItems: [list.syncListItems, itemPlan],
    syncMapItems: [map.syncMapItems, mapItemPlan],
    documentPermissions: [one.documents('host').documentPermissions, grantPlan],
    syncListPermissions: [list.syncListPermissions, grantPlan],
    syncMapPermissions: [map.syncMapPermissions, grantPlan],
  };
  for (const [name, [collection, plan]] of Object.entries(plans)) {
    await t.test(name, () => everyCall(name, collection, plan, called));
  }
  await t.test('streamMessages', async () => {
    await one.syncStreams.create({ uniqueName: 'host' });
    const messages = counted(one.syncStreams('host').streamMessages, 'streamMessages', called);
    const sent = await messages.create({ data: { n: 1 } });
    const info = await messages.createWithHttpInfo({ data: { n: 2 } });
    assert.deepEqual([sent.data, info.statusCode, info.body.data], [{ n: 1 }, 201, { n: 2 }]);
    assert.notEqual(sent.sid, info.body.sid);
  });

  // Nothing that the library offers was left out, and no operation of the table.
  const offered = Object.entries(plans).flatMap(([name, [collection, plan]]) => [
    ...[...CALLS.collection, ...(plan.create ? ['create'] : [])].map((call) => [`${name}.${call}`, collection[call]]),
    ...CALLS.element.map((call) => [`${name}().${call}`, collection('x')[call]]),
  ]).concat([['streamMessages.create', one.syncStreams('x').streamMessages.create]]);
  for (const [call, offeredBy] of offered) {
    assert.equal(typeof offeredBy, 'function', call);
    assert.ok(called.has(call), call);
    assert.ok(called.has(`${call}WithHttpInfo`), `${call}WithHttpInfo`);
  }
  const succeeded = new Set(service.responses
    .filter(({ status }) => status < 300).map(({ operation }) => operation));
  assert.deepEqual([...succeeded].toSorted(), operations.map(({ id }) => id).toSorted());
  t.diagnostic(`${called.size} calls of the library, ${succeeded.size} operations`);
});

// --- each operation, refused -----------------------------------------------

const addressed = (path, values) => path.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// What makes a request sound in every other respect.
const FORMS = {
  UpdateService: { FriendlyName: 'x' },
  CreateSyncListItem: { Data: '{}' },
  CreateSyncMapItem: { Key: 'k', Data: '{}' },
  CreateStreamMessage: { Data: '{}' },
};
const formOf = ({ id, method }) => (method === 'POST'
  ? FORMS[id] ?? (id.endsWith('Permission') ? { Read: 'true' } : { Ttl: '60' }) : undefined);

async function answerTo(client, operation, values) {
  const sidOf = { Service: 'ServiceSid', Document: 'DocumentSid', SyncList: 'ListSid', SyncMap: 'MapSid', SyncStream: 'StreamSid' };
  const own = sidOf[operation.id.replace(/^(Fetch|Update|Delete)/, '')];
  const response = await client.request({
    method: operation.method.toLowerCase(),
    uri: `https://sync.twilio.com${addressed(operation.path, { ...values, Sid: values[own] })}`,
    data: formOf(operation),
  });
  const body = response.body === '' ? {}
    : typeof response.body === 'string' ? JSON.parse(response.body) : response.body;
  return { status: response.statusCode, code: body.code };
}

test('every operation is refused with 401, 20003 without the right credentials', async (t) => {
  const service = await Service.start(t);
  const strangers = [
    service.rest({ password: 'wrong' }),
    service.rest({ user: `AC${NOBODY}` }),
    service.rest({ user: service.ready.api_key }), // the key with the account's token
  ];
  for (const client of strangers) {
    for (const operation of operations) {
      const values = { ...UNKNOWN, ServiceSid: service.ready.service_sid };
      assert.deepEqual(await answerTo(client, operation, values), { status: 401, code: 20003 }, operation.id);
    }
  }
});

test('every operation on an unknown service or object is refused with 404, 20404', async (t) => {
  const service = await Service.start(t);
  const client = service.rest();
  for (const operation of operations.filter(({ path }) => path.includes('{'))) {
    assert.deepEqual(await answerTo(client, operation, UNKNOWN), { status: 404, code: 20404 }, operation.id);
    if (/\{(?!ServiceSid)\w+\}/.test(operation.path)) {
      const known = { ...UNKNOWN, ServiceSid: service.ready.service_sid };
      if (!operation.id.endsWith('Service')) {
        assert.deepEqual(await answerTo(client, operation, known), { status: 404, code: 20404 }, operation.id);
      }
    }
  }
});

test('an exception carries status, code and address of the explanation', async (t) => {
  const service = await Service.start(t);
  await assert.rejects(service.instance().documents('none').fetch(), (error) => {
    assert.equal(error.constructor.name, 'RestException');
    assert.deepEqual({ status: error.status, code: error.code, moreInfo: error.moreInfo },
      { status: 404, code: 20404, moreInfo: 'https://www.twilio.com/docs/errors/20404' });
    assert.ok(error.message.includes(`/Services/${service.ready.service_sid}/Documents/none`));
    return true;
  });
});

// --- conditions, deadlines, order, names -----------------------------------

test('each versioned element obeys If-Match on update, items on removal as well', async (t) => {
  const service = await Service.start(t);
  const one = service.instance();
  await one.documents.create({ uniqueName: 'd' });
  await one.syncLists.create({ uniqueName: 'l' });
  await one.syncMaps.create({ uniqueName: 'm' });
  await one.syncLists('l').syncListItems.create({ data: { n: 0 } });
  await one.syncMaps('m').syncMapItems.create({ key: 'k', data: { n: 0 } });
  const elements = [
    [one.documents('d'), 54103],
    [one.syncLists('l').syncListItems(0), 54155],
    [one.syncMaps('m').syncMapItems('k'), 54205],
  ];
  for (const [element, code] of elements) {
    const { revision: stale } = await element.fetch();
    const { revision } = await element.update({ data: { n: 1 }, ifMatch: stale });
    await refused(element.update({ data: { n: 2 }, ifMatch: stale }), 412, code);
    await refused(element.update({ data: { n: 2 }, ifMatch: 'zzz!' }), 400, 54003);
    if (code !== 54103) {
      await refused(element.remove({ ifMatch: stale }), 412, code);
    }
    assert.deepEqual((await element.fetch()).data, { n: 1 });
    assert.deepEqual((await element.update({ data: { n: 3 }, ifMatch: `"${revision}"` })).data, { n: 3 });
    const { revision: last } = await element.fetch();
    assert.equal(await element.remove({ ifMatch: last }), true);
    await refused(element.fetch(), 404, 20404);
  }
});

test('each TTL sets its own deadline, exact to the second', async (t) => {
  const service = await Service.start(t, '--virtual-clock');
  const one = service.instance();
  await one.syncLists.create({ uniqueName: 'l', collectionTtl: 500, ttl: 400 });
  await one.syncMaps.create({ uniqueName: 'm', ttl: 400 });
  const list = one.syncLists('l');
  const map = one.syncMaps('m');
  assert.deepEqual([ttlOf(await list.fetch()), ttlOf(await map.fetch())], [500, 400]);

  const item = await list.syncListItems.create({ data: {}, ttl: 5, itemTtl: 50, collectionTtl: 600 });
  const pair = await map.syncMapItems.create({ key: 'k', data: {}, ttl: 60 });
  const free = await map.syncMapItems.create({ key: 'free', data: {} });
  assert.deepEqual([item, pair, free, await list.fetch(), await map.fetch()].map(ttlOf),
    [50, 60, null, 600, 400]);

  assert.equal(ttlOf(await list.syncListItems(0).update({ itemTtl: 70 })), 70);
  assert.equal(ttlOf(await map.syncMapItems('k').update({ data: { n: 1 }, collectionTtl: 800 })), 60);
  assert.equal(ttlOf(await map.fetch()), 800);
  assert.equal(ttlOf(await map.update({ collectionTtl: 900 })), 900);
  assert.equal(ttlOf(await list.update({ ttl: 0 })), null);
  for (const ttl of [-1, 31536001]) {
    await refused(one.documents.create({ ttl }), 400, 54011);
    await refused(one.syncStreams.create({ ttl }), 400, 54011);
    await refused(list.syncListItems(0).update({ ttl }), 400, 54011);
  }

  await service.advance(65);
  assert.deepEqual((await map.syncMapItems.list()).map(({ key }) => key), ['free']);
  assert.equal((await list.syncListItems.list()).length, 1);
  await service.advance(10);
  assert.equal((await list.syncListItems.list()).length, 0);
  await service.advance(900);
  await refused(map.fetch(), 404, 20404);
  assert.equal((await list.fetch()).sid.slice(0, 2), 'ES');
});

test('items are read in either order, from any element, with or without it', async (t) => {
  const service = await Service.start(t, '--limits', 'off');
  const one = service.instance();
  await one.syncLists.create({ uniqueName: 'l' });
  await one.syncMaps.create({ uniqueName: 'm' });
  const { syncListItems } = one.syncLists('l');
  const { syncMapItems } = one.syncMaps('m');
  for (let n = 0; n < 12; n += 1) {
    await syncListItems.create({ data: { n } });
    await syncMapItems.create({ key: String.fromCharCode(97 + n), data: { n } });
  }
  const all = Array.from({ length: 12 }, (_, n) => n);
  const numbers = async (items, options) => (await items.list(options)).map(({ data }) => data.n);
  for (const [items, from] of [[syncListItems, '5'], [syncMapItems, 'f']]) {
    for (const pageSize of [1, 5, 12, 50]) {
      assert.deepEqual(await numbers(items, { pageSize }), all);
      assert.deepEqual(await numbers(items, { pageSize, order: 'desc' }), all.toReversed());
      assert.deepEqual(await numbers(items, { pageSize, from }), all.slice(5));
      assert.deepEqual(await numbers(items, { pageSize, from, bounds: 'exclusive' }), all.slice(6));
      assert.deepEqual(await numbers(items, { pageSize, from, order: 'desc', bounds: 'inclusive' }),
        all.slice(0, 6).toReversed());
      assert.deepEqual(await numbers(items, { pageSize, from, order: 'desc', bounds: 'exclusive' }),
        all.slice(0, 5).toReversed());
    }
    await refused(items.list({ order: 'up' }), 400, 54451);
    await refused(items.list({ bounds: 'all' }), 400, 54452);
    await refused(items.page({ pageToken: 'forged' }), 400, 54453);
  }
});

test('a walk over many objects meets each once, newest change included', async (t) => {
  const service = await Service.start(t, '--limits', 'off');
  const { documents } = service.instance();
  const made = await Promise.all(Array.from({ length: 120 }, (_, n) => documents.create({ data: { n } })));

  const walked = await documents.list();

  assert.deepEqual(walked.map(({ sid }) => sid).toSorted(), made.map(({ sid }) => sid).toSorted());
  assert.equal((await documents.page()).instances.length, 50);
  assert.equal((await documents.page({ pageSize: 100 })).instances.length, 100);
});

test('odd keys and identities are one element each, under the address given for it', async (t) => {
  const service = await Service.start(t);
  const one = service.instance();
  await one.syncMaps.create({ uniqueName: 'm' });
  const { syncMapItems: items, syncMapPermissions: grants } = one.syncMaps('m');
  const odd = ['a/b', 'é', '%2F', 'a b', 'a+b', '?', '#', '...', '😀', 'A', 'a'];
  for (const [n, key] of odd.entries()) {
    const made = await items.create({ key, data: { n } });
    const read = await service.rest().request({ method: 'get', uri: made.url });
    assert.deepEqual([read.statusCode, read.body.key ?? JSON.parse(read.body).key], [200, key]);
    const set = await grants(encodeURIComponent(key)).update({ read: n % 2 === 0, write: true, manage: false });
    assert.equal(set.identity, key);
  }
  const bytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  assert.deepEqual((await items.list()).map(({ key }) => key), odd.toSorted(bytes));
  assert.deepEqual((await grants.list()).map(({ identity }) => identity), odd.toSorted(bytes));
  await refused(items.create({ key: 'a/b', data: {} }), 409, 54208);
  assert.equal(await items('a%2Fb').remove(), true);
  assert.equal((await items.list()).length, odd.length - 1);
});

test('a name addresses what the SID does, in every type', async (t) => {
  const service = await Service.start(t);
  const one = service.instance();
  for (const kind of ['documents', 'syncLists', 'syncMaps', 'syncStreams']) {
    const made = await one[kind].create({ uniqueName: 'same name ü' });
    assert.deepEqual(plain(await one[kind]('same name ü').fetch()), plain(await one[kind](made.sid).fetch()));
    await refused(one[kind].create({ uniqueName: 'same name ü' }), 409, 54301);
    await refused(one[kind].create({ uniqueName: made.sid }), 400, 54302);
    await refused(one[kind](made.sid).update({}), 400, 54010);
  }
});

test('data that is no object, too large or missing is refused in every place', async (t) => {
  const service = await Service.start(t);
  const one = service.instance();
  await one.documents.create({ uniqueName: 'd', data: { n: 1 } });
  await one.syncLists.create({ uniqueName: 'l' });
  await one.syncMaps.create({ uniqueName: 'm' });
  await one.syncStreams.create({ uniqueName: 's' });
  const places = [
    [(data) => one.documents('d').update({ data }), 54101],
    [(data) => one.syncLists('l').syncListItems.create({ data }), 54156],
    [(data) => one.syncMaps('m').syncMapItems.create({ key: 'k', data }), 54206],
    [(data) => one.syncStreams('s').streamMessages.create({ data }), 54251],
  ];
  for (const [put, missing] of places) {
    await refused(put('null'), 400, missing);
    for (const text of ['[1]', '7', '{"a":', '{n:1}', '']) {
      await refused(put(text), 400, 54008);
    }
    await refused(put({ text: 'x'.repeat(17 * 1024) }), 413, 54006);
  }
  assert.deepEqual((await one.documents('d').fetch()).data, { n: 1 });
  assert.deepEqual(await one.syncLists('l').syncListItems.list(), []);
  assert.deepEqual(await one.syncMaps('m').syncMapItems.list(), []);
});

test('every field of a service is set alone and kept', async (t) => {
  const service = await Service.alone(t);
  const { services } = service.rest().sync.v1;
  const { sid } = await services.create();
  const wanted = {
    friendlyName: 'näme',
    webhookUrl: 'https://example.com/hook?x=1',
    webhooksFromRestEnabled: true,
    reachabilityWebhooksEnabled: true,
    aclEnabled: true,
    reachabilityDebouncingEnabled: true,
    reachabilityDebouncingWindow: 30000,
  };
  for (const [field, value] of Object.entries(wanted)) {
    const before = plain(await services(sid).fetch());
    await services(sid).update({ [field]: value });
    assert.deepEqual({ ...plain(await services(sid).fetch()), dateUpdated: 0 },
      { ...before, [field]: value, dateUpdated: 0 });
  }
  await refused(services(sid).update({ reachabilityDebouncingWindow: 999 }), 400, 20001);
  await refused(services(sid).update({ webhookUrl: 'not-a-url' }), 400, 54051);
  await refused(services(sid).update({ friendlyName: '' }), 400, 54053);
  assert.equal((await services('default').fetch()).sid, service.ready.service_sid);
});
