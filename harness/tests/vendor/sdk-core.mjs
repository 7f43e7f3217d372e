// What every line of the client SDK can do, as tests over a given `SyncClient`:
// each kind of object, each way to open, change, page and remove it, what other
// clients hear, TTLs, conflicts, lost connections, tokens and denials.
//
// Two clients with different identities stand for two users; the backend reads
// the outcome over REST, where each response is judged as well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Relay } from './relay.mjs';
import { Service, connected, heard, reached, refused, subscribed } from './service.mjs';

const NOBODY = '0'.repeat(32);

// The four kinds: how a client opens one, how the backend names it.
export const KINDS = {
  document: { rest: 'documents', prefix: 'ET', gone: 54100, remove: 'removeDocument', grants: 'documentPermissions' },
  list: { rest: 'syncLists', prefix: 'ES', gone: 54150, remove: 'removeList', grants: 'syncListPermissions' },
  map: { rest: 'syncMaps', prefix: 'MP', gone: 54200, remove: 'removeMap', grants: 'syncMapPermissions' },
  stream: { rest: 'syncStreams', prefix: 'TO', gone: 54250, remove: 'removeStream' },
};

const range = (count) => Array.from({ length: count }, (_, n) => n);
const messageOf = ({ message }) => ({ sid: message.sid, data: message.data ?? message.value });
const isRemote = ({ isLocal }) => !isLocal;
const previous = (event) => event.previousItemData;

export async function drain(first, value) {
  const all = [];
  for (let page = first; ; page = await page.nextPage()) {
    assert.ok(all.length < 1000, 'the walk does not end');
    all.push(...page.items.map(value));
    if (!page.hasNextPage) {
      return { all, last: page };
    }
  }
}

// Ways of `SyncClient` into the service, direct or through a relay.
export function opener(SyncClient) {
  return async (service, identity, { relay, token, options, ...rest } = {}) => {
    const client = new SyncClient(token ?? service.token(identity, rest),
      { Twilsock: { uri: relay?.uri ?? service.ready.sdk }, ...options });
    service.clients.push(client);
    await connected(client);
    return client;
  };
}

export function coreTests(version, SyncClient) {
  const open = opener(SyncClient);
  const named = (name, run) => test(`${version}: ${name}`, run);
  const pair = (service) => Promise.all([open(service, 'ann'), open(service, 'bob')]);

  for (const [kind, { rest, prefix, gone, remove }] of Object.entries(KINDS)) {
    named(`a ${kind} is opened in every mode and by every name`, async (t) => {
      const service = await Service.start(t, '--virtual-clock');
      const [ann, bob] = await pair(service);
      const made = await ann[kind]({ id: 'n1', mode: 'create_new', ttl: 600 });
      assert.match(made.sid, new RegExp(`^${prefix}[0-9a-f]{32}$`));
      assert.equal(made.uniqueName, 'n1');
      const stored = await service.instance()[rest]('n1').fetch();
      assert.deepEqual([stored.sid, stored.createdBy, stored.dateExpires - stored.dateCreated],
        [made.sid, 'ann', 600000]);

      for (const arg of ['n1', { id: 'n1' }, { id: 'n1', mode: 'open_existing' }, made.sid]) {
        const client = await open(service, 'eve');
        assert.equal((await client[kind](arg)).sid, made.sid);
      }
      const nameless = await bob[kind]();
      assert.notEqual(nameless.sid, made.sid);
      assert.equal((await service.instance()[rest](nameless.sid).fetch()).uniqueName, null);
      const fresh = await bob[kind]({ id: 'n2', mode: 'open_or_create' });
      assert.equal((await service.instance()[rest]('n2').fetch()).sid, fresh.sid);

      const before = (await service.instance()[rest].list()).length;
      await refused(bob[kind]({ id: 'n1', mode: 'create_new' }), 409, 54301);
      await refused(bob[kind]({ id: 'none', mode: 'open_existing' }), 404, 54300);
      await refused(bob[kind]({ id: prefix + NOBODY, mode: 'open_existing' }), 404, gone);
      await refused(bob[kind]({ id: prefix + NOBODY, mode: 'create_new' }), 400, 54302);
      await refused(bob[kind]({ id: 'x'.repeat(321), mode: 'create_new' }), 400, 54302);
      await refused(bob[kind]({ id: 'n3', mode: 'create_new', ttl: 31536001 }), 400, 54011);
      assert.equal((await service.instance()[rest].list()).length, before);
    });

    named(`a ${kind} may have any name`, async (t) => {
      const service = await Service.start(t);
      const [ann, bob] = await pair(service);
      for (const name of ['a/b', 'é', '%2F', 'a b', 'a+b?c#d', '😀', 'x'.repeat(320)]) {
        const hers = await ann[kind]({ id: name, mode: 'create_new' });
        const his = await bob[kind]({ id: name, mode: 'open_existing' });
        assert.deepEqual([his.sid, his.uniqueName], [hers.sid, name]);
        assert.equal((await service.instance()[rest](hers.sid).fetch()).uniqueName, name);
      }
    });

    named(`a ${kind} gets a TTL, loses it, and ends with one for all`, async (t) => {
      const service = await Service.start(t, '--virtual-clock');
      const [ann, bob] = await pair(service);
      const hers = await ann[kind]('n1');
      const his = await bob[kind]({ id: 'n1', mode: 'open_existing' });
      const stored = service.instance()[rest]('n1');
      await hers.setTtl(60);
      assert.equal((await stored.fetch()).dateExpires - (await stored.fetch()).dateCreated, 60000);
      await hers.setTtl(0);
      assert.equal((await stored.fetch()).dateExpires, null);
      await service.advance(120);
      assert.equal((await stored.fetch()).sid, hers.sid);
      await refused(hers.setTtl(31536001), 400, 54011);

      await hers.setTtl(30);
      await Promise.all([subscribed(hers), subscribed(his)]);
      const ends = [heard(hers, 'removed'), heard(his, 'removed')];
      await service.advance(40);

      for (const { isLocal } of await Promise.all(ends)) {
        assert.equal(isLocal, false);
      }
      await refused(stored.fetch(), 404, 20404);
      const again = await bob[kind]({ id: 'n1', mode: 'create_new' });
      assert.notEqual(again.sid, hers.sid);
    });

    named(`a removed ${kind} is gone for all, and its name is free`, async (t) => {
      const service = await Service.start(t);
      const [ann, bob] = await pair(service);
      const hers = await ann[kind]('n1');
      const his = await bob[kind]({ id: 'n1', mode: 'open_existing' });
      await Promise.all([subscribed(hers), subscribed(his)]);
      const local = heard(hers, 'removed');
      const remote = heard(his, 'removed');

      await hers[remove]();

      assert.deepEqual([(await local).isLocal, (await remote).isLocal], [true, false]);
      await refused(bob[kind]({ id: hers.sid, mode: 'open_existing' }), 404, gone);
      await refused(service.instance()[rest](hers.sid).fetch(), 404, 20404);
      assert.notEqual((await ann[kind]({ id: 'n1', mode: 'create_new' })).sid, hers.sid);
    });

    named(`a ${kind} removed over REST is gone for clients`, async (t) => {
      const service = await Service.start(t);
      const ann = await open(service, 'ann');
      const handle = await ann[kind]('n1');
      await subscribed(handle);
      const end = heard(handle, 'removed');
      await service.instance()[rest]('n1').remove();
      assert.equal((await end).isLocal, false);
    });
  }

  named('a document is set, updated, mutated, and heard of by the other', async (t) => {
    const service = await Service.start(t);
    const [ann, bob] = await pair(service);
    const hers = await ann.document({ id: 'd', data: { n: 0, keep: 'x' } });
    const his = await bob.document({ id: 'd', mode: 'open_existing' });
    await subscribed(his);
    const steps = [
      [() => hers.set({ n: 1, keep: 'x' }), { n: 1, keep: 'x' }],
      [() => hers.update({ n: 2 }), { n: 2, keep: 'x' }],
      [() => hers.mutate((now) => ({ n: now.n + 1 })), { n: 3 }],
      [() => hers.set({}), {}],
      [() => hers.set({ text: 'ä€😀', deep: { a: [1, null, true, 0.5, 'x'] } }),
        { text: 'ä€😀', deep: { a: [1, null, true, 0.5, 'x'] } }],
      [() => service.instance().documents('d').update({ data: { by: 'rest' } }), { by: 'rest' }],
    ];
    let before = his.data;
    for (const [change, wanted] of steps) {
      const event = heard(his, 'updated');
      await change();
      const { data, previousData, isLocal } = await event;
      assert.deepEqual({ data, previousData, isLocal }, { data: wanted, previousData: before, isLocal: false });
      assert.deepEqual(his.data, wanted);
      assert.deepEqual((await service.instance().documents('d').fetch()).data, wanted);
      before = wanted;
    }
    assert.equal(his.revision, '6');

    await hers.set({ n: 9 }, { ttl: 500 });
    const { dateExpires, dateUpdated } = await service.instance().documents('d').fetch();
    assert.ok(Math.abs(dateExpires - dateUpdated - 500000) <= 1000);
  });

  named('a mutation that gives null changes nothing', async (t) => {
    const service = await Service.start(t);
    const ann = await open(service, 'ann');
    const doc = await ann.document({ id: 'd', data: { n: 1 } });
    await doc.mutate(() => null);
    assert.equal((await service.instance().documents('d').fetch()).revision, '0');
  });

  named('a list is filled, read, changed and emptied, and heard of by the other', async (t) => {
    const service = await Service.start(t);
    const [ann, bob] = await pair(service);
    const hers = await ann.list('l');
    const his = await bob.list({ id: 'l', mode: 'open_existing' });
    await subscribed(his);
    const items = service.instance().syncLists('l').syncListItems;

    const added = heard(his, 'itemAdded');
    const item = await hers.push({ n: 0, keep: 'x' });
    assert.deepEqual([item.index, item.data], [0, { n: 0, keep: 'x' }]);
    const first = await added;
    assert.deepEqual([first.isLocal, first.item.index, first.item.data], [false, 0, { n: 0, keep: 'x' }]);
    const steps = [
      [() => hers.set(0, { n: 1, keep: 'x' }), { n: 1, keep: 'x' }],
      [() => hers.update(0, { n: 2 }), { n: 2, keep: 'x' }],
      [() => hers.mutate(0, (now) => ({ n: now.n + 1 })), { n: 3 }],
      [() => items(0).update({ data: { by: 'rest' } }), { by: 'rest' }],
    ];
    let before = item.data;
    for (const [change, wanted] of steps) {
      const event = heard(his, 'itemUpdated');
      await change();
      const { isLocal, item: now, ...rest } = await event;
      assert.deepEqual([isLocal, now.index, now.data, previous(rest)], [false, 0, wanted, before]);
      assert.deepEqual((await items(0).fetch()).data, wanted);
      before = wanted;
    }
    const removed = heard(his, 'itemRemoved');
    await hers.remove(0);
    const { index, isLocal, previousItemData } = await removed;
    assert.deepEqual([index, isLocal, previousItemData], [0, false, { by: 'rest' }]);
    // An index is never used again: 0 was added, changed four times, removed.
    assert.equal((await hers.push({ n: 7 })).index, 6);
    // The handles answer from their caches; a new client has to ask.
    const fresh = await (await open(service, 'eve')).list({ id: 'l', mode: 'open_existing' });
    await refused(fresh.get(0), 404, 54151);
    for (const change of [() => fresh.set(0, {}), () => fresh.mutate(0, () => ({})), () => fresh.remove(0), () => fresh.setItemTtl(0, 5)]) {
      await refused(change(), 404, 54151);
    }
    assert.deepEqual((await items.list()).map((one) => one.index), [6]);
  });

  named('a map is filled, read, changed and emptied, and heard of by the other', async (t) => {
    const service = await Service.start(t);
    const [ann, bob] = await pair(service);
    const hers = await ann.map('m');
    const his = await bob.map({ id: 'm', mode: 'open_existing' });
    await subscribed(his);
    const items = service.instance().syncMaps('m').syncMapItems;

    const added = heard(his, 'itemAdded');
    const item = await hers.set('k', { n: 0, keep: 'x' });
    assert.deepEqual([item.key, item.data], ['k', { n: 0, keep: 'x' }]);
    const first = await added;
    assert.deepEqual([first.isLocal, first.item.key, first.item.data], [false, 'k', { n: 0, keep: 'x' }]);
    const steps = [
      [() => hers.set('k', { n: 1, keep: 'x' }), { n: 1, keep: 'x' }],
      [() => hers.update('k', { n: 2 }), { n: 2, keep: 'x' }],
      [() => hers.mutate('k', (now) => ({ n: now.n + 1 })), { n: 3 }],
      [() => items('k').update({ data: { by: 'rest' } }), { by: 'rest' }],
    ];
    let before = item.data;
    for (const [change, wanted] of steps) {
      const event = heard(his, 'itemUpdated');
      await change();
      const { isLocal, item: now, ...rest } = await event;
      assert.deepEqual([isLocal, now.key, now.data, previous(rest)], [false, 'k', wanted, before]);
      assert.deepEqual((await items('k').fetch()).data, wanted);
      before = wanted;
    }
    const removed = heard(his, 'itemRemoved');
    await hers.remove('k');
    const { key, isLocal, previousItemData } = await removed;
    assert.deepEqual([key, isLocal, previousItemData], ['k', false, { by: 'rest' }]);
    await refused(hers.get('k'), 404, 54201);
    await refused(his.remove('none'), 404, 54201);
    await refused(hers.set('x'.repeat(321), {}), 400, 54209);
    assert.deepEqual(await items.list(), []);
  });

  named('odd keys of a map are one item each, for the other client and over REST', async (t) => {
    const service = await Service.start(t);
    const [ann, bob] = await pair(service);
    const hers = await ann.map('m');
    const his = await bob.map({ id: 'm', mode: 'open_existing' });
    await subscribed(his);
    const odd = ['a/b', 'é', '%2F', 'a b', ' ', 'a+b', '?x=1&y', '#', '...', '😀', 'A', 'a', '"', '\\', 'x'.repeat(320)];
    for (const [n, key] of odd.entries()) {
      const event = heard(his, 'itemAdded', ({ item }) => item.key === key);
      await hers.set(key, { n });
      await hers.update(key, { m: n });
      assert.deepEqual((await event).item.key, key);
    }
    const eve = await open(service, 'eve'); // nothing cached
    const fresh = await eve.map({ id: 'm', mode: 'open_existing' });
    for (const [n, key] of odd.entries()) {
      assert.deepEqual((await fresh.get(key)).data, { n, m: n }, key);
    }
    const bytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    const stored = await service.instance().syncMaps('m').syncMapItems.list();
    assert.deepEqual(stored.map(({ key }) => key), odd.toSorted(bytes));
    for (const key of odd) {
      await hers.remove(key);
    }
    assert.deepEqual(await service.instance().syncMaps('m').syncMapItems.list(), []);
  });

  for (const [kind, put, place, ordered] of [
    ['list', (handle, n) => handle.push({ n }), ({ index }) => index, range(11)],
    ['map', (handle, n) => handle.set(`k${String(n).padStart(2, '0')}`, { n }), ({ key }) => key,
      range(11).map((n) => `k${String(n).padStart(2, '0')}`)],
  ]) {
    named(`a ${kind} is paged through both ways, in both orders, from anywhere`, async (t) => {
      const service = await Service.start(t, '--limits', 'off');
      const [ann, bob] = await pair(service);
      const hers = await ann[kind]('n');
      for (const n of range(11)) {
        await put(hers, n);
      }
      const his = await bob[kind]({ id: 'n', mode: 'open_existing' });
      const all = async (options) => (await drain(await his.getItems(options), place)).all;

      assert.deepEqual(await all({}), ordered);
      // Not 1: the current line takes index 0, the last of a page, for no position.
      for (const pageSize of [2, 4, 10, 11, 100]) {
        assert.deepEqual(await all({ pageSize, order: 'asc' }), ordered);
        assert.deepEqual(await all({ pageSize, order: 'desc' }), ordered.toReversed());
        assert.deepEqual(await all({ pageSize, from: ordered[6] }), ordered.slice(6));
        assert.deepEqual(await all({ pageSize, from: ordered[6], order: 'desc' }), ordered.slice(0, 7).toReversed());
      }
      const { last } = await drain(await his.getItems({ pageSize: 4 }), place);
      assert.deepEqual(last.items.map(place), ordered.slice(8));
      const middle = await last.prevPage();
      assert.deepEqual(middle.items.map(place), ordered.slice(4, 8));
      const start = await middle.prevPage();
      assert.deepEqual([start.items.map(place), start.hasPrevPage], [ordered.slice(0, 4), false]);
      assert.deepEqual((await his.get(ordered[3])).data, { n: 3 });
    });
  }

  named('items of a list and of a map end with their own TTL, their neighbours stay', async (t) => {
    const service = await Service.start(t, '--virtual-clock');
    const [ann, bob] = await pair(service);
    const list = await ann.list('l');
    const map = await ann.map('m');
    await list.push({ n: 'short' }, { ttl: 60 });
    await list.push({ n: 'later' });
    await list.push({ n: 'stays' });
    await list.setItemTtl(1, 120);
    await map.set('short', { n: 1 }, { ttl: 60 });
    await map.set('later', { n: 2 });
    await map.set('stays', { n: 3 }, { ttl: 60 });
    await map.setItemTtl('later', 120);
    await map.setItemTtl('stays', 0);
    const hisList = await bob.list({ id: 'l', mode: 'open_existing' });
    const hisMap = await bob.map({ id: 'm', mode: 'open_existing' });
    await Promise.all([hisList.get(0), hisMap.get('short'), subscribed(hisList), subscribed(hisMap)]);
    const listed = async () => (await service.instance().syncLists('l').syncListItems.list()).map(({ index }) => index);
    const mapped = async () => (await service.instance().syncMaps('m').syncMapItems.list()).map(({ key }) => key);

    for (const [index, key, lists, maps] of [[0, 'short', [1, 2], ['later', 'stays']], [1, 'later', [2], ['stays']]]) {
      const ends = [heard(hisList, 'itemRemoved', isRemote), heard(hisMap, 'itemRemoved', isRemote)];
      await service.advance(65);
      const [listEnd, mapEnd] = await Promise.all(ends);
      assert.deepEqual([listEnd.index, mapEnd.key], [index, key]);
      assert.deepEqual([await listed(), await mapped()], [lists, maps]);
    }
    const eve = await open(service, 'eve'); // nothing cached
    await refused((await eve.list('l')).get(0), 404, 54151);
    await refused((await eve.map('m')).get('short'), 404, 54201);
  });

  named('a stream carries each message once to each subscriber, stores none', async (t) => {
    const service = await Service.start(t);
    const [ann, bob] = await pair(service);
    const hers = await ann.stream('s');
    const his = await bob.stream({ id: 's', mode: 'open_existing' });
    await Promise.all([subscribed(hers), subscribed(his)]);
    const heardBy = { ann: [], bob: [] };
    const note = (list) => (event) => list.push([event.isLocal, messageOf(event)]);
    hers.on('messagePublished', note(heardBy.ann));
    his.on('messagePublished', note(heardBy.bob));
    const sent = [];
    for (const n of range(5)) {
      const message = await hers.publishMessage({ n });
      sent.push({ sid: message.sid, data: { n } });
    }
    const isLast = (event) => messageOf(event).data.by === 'rest';
    const last = [heard(hers, 'messagePublished', isLast), heard(his, 'messagePublished', isLast)];
    const { sid } = await service.instance().syncStreams('s').streamMessages.create({ data: { by: 'rest' } });
    const fromRest = { sid, data: { by: 'rest' } };
    await Promise.all(last);
    assert.deepEqual(heardBy.bob, [...sent, fromRest].map((message) => [false, message]));
    assert.deepEqual(heardBy.ann, [...sent.map((message) => [true, message]), [false, fromRest]]);

    await refused(hers.publishMessage({ text: 'x'.repeat(4097) }), 413, 54006);
    const late = await (await open(service, 'eve')).stream({ id: 's', mode: 'open_existing' });
    await subscribed(late);
    const next = heard(late, 'messagePublished');
    await hers.publishMessage({ n: 'next' });
    assert.deepEqual(messageOf(await next).data, { n: 'next' });
  });

  named('competing mutations lose no change, in a document, a list item, a map item', async (t) => {
    const service = await Service.start(t, '--limits', 'off');
    const [ann, bob] = await pair(service);
    const first = { document: await ann.document({ id: 'x', data: { n: 0 } }), list: await ann.list('x'), map: await ann.map('x') };
    await first.list.push({ n: 0 });
    await first.map.set('k', { n: 0 });
    const second = {};
    for (const kind of ['document', 'list', 'map']) {
      second[kind] = await bob[kind]({ id: 'x', mode: 'open_existing' });
    }
    const add = ({ n }) => ({ n: n + 1 });
    const run = async ({ document, list, map }) => {
      for (let i = 0; i < 5; i += 1) {
        await Promise.all([document.mutate(add), list.mutate(0, add), map.mutate('k', add)]);
      }
    };

    await Promise.all([run(first), run(second)]);

    const one = service.instance();
    const stored = [one.documents('x'), one.syncLists('x').syncListItems(0), one.syncMaps('x').syncMapItems('k')];
    for (const element of stored) {
      assert.deepEqual((await element.fetch()).data, { n: 10 });
    }
  });

  named('two clients that mutate an absent map item make one of both changes', async (t) => {
    const service = await Service.start(t);
    const [ann, bob] = await pair(service);
    const maps = [await ann.map('m'), await bob.map('m')];
    await Promise.all(maps.map((map, n) => map.mutate('new', (now) => ({ ...now, [`by${n}`]: true }))));
    const stored = await service.instance().syncMaps('m').syncMapItems('new').fetch();
    assert.deepEqual(stored.data, { by0: true, by1: true });
  });

  named('after a lost connection each handle catches up with what it missed', async (t) => {
    const service = await Service.start(t);
    const relay = await Relay.start(t, service);
    const ann = await open(service, 'ann', { relay });
    const doc = await ann.document({ id: 'd', data: { n: 0 } });
    const [list, map, stream, doomed] = [await ann.list('l'), await ann.map('m'), await ann.stream('s'), await ann.document('doomed')];
    await list.push({ n: 0 });
    await map.set('old', { n: 0 });
    await Promise.all([doc, list, map, stream, doomed].map(subscribed));
    const one = service.instance();
    const seen = [
      heard(doc, 'updated', ({ data }) => data.n === 2),
      heard(list, 'itemAdded', isRemote),
      heard(list, 'itemUpdated', isRemote),
      heard(map, 'itemRemoved', isRemote),
      heard(map, 'itemAdded', isRemote),
      heard(doomed, 'removed'),
    ];
    const lost = heard(ann, 'connectionStateChanged', (state) => state !== 'connected');

    relay.drop();
    await lost;
    await one.documents('d').update({ data: { n: 1 } });
    await one.documents('d').update({ data: { n: 2 } });
    await one.syncLists('l').syncListItems.create({ data: { n: 1 } });
    await one.syncLists('l').syncListItems(0).update({ data: { n: 9 } });
    await one.syncMaps('m').syncMapItems('old').remove();
    await one.syncMaps('m').syncMapItems.create({ key: 'new', data: { n: 1 } });
    await one.documents('doomed').remove();

    const [, added, updated, removed, put] = await Promise.all(seen);
    assert.deepEqual([added.item.data, updated.item.data, removed.key, put.item.key], [{ n: 1 }, { n: 9 }, 'old', 'new']);
    assert.equal(relay.connections, 2);
    await connected(ann);
    await Promise.all([doc, stream].map(subscribed));
    const live = [heard(doc, 'updated', ({ data }) => data.n === 3), heard(stream, 'messagePublished')];
    await one.documents('d').update({ data: { n: 3 } });
    await one.syncStreams('s').streamMessages.create({ data: { n: 3 } });
    assert.deepEqual(messageOf((await Promise.all(live))[1]).data, { n: 3 });
  });

  named('a client that is sent away with 308 comes back and misses nothing', async (t) => {
    const service = await Service.alone(t);
    const relay = await Relay.start(t, service);
    const ann = await open(service, 'ann', { relay });
    const doc = await ann.document({ id: 'd', data: { n: 0 } });
    await subscribed(doc);
    const update = heard(doc, 'updated', ({ data }) => data.n === 1);
    const away = heard(ann, 'connectionStateChanged', (state) => state !== 'connected');

    assert.equal((await service.control('offload')).status, 204);
    await away;
    await service.instance().documents('d').update({ data: { n: 1 } });
    await update;

    const close = relay.frames.find(({ from, header }) => from === 'server' && header.method === 'close');
    assert.equal(close.header.status.code, 308);
    assert.equal(relay.connections, 2);
  });

  named('a token is renewed in place, told to end, and ends', async (t) => {
    const service = await Service.start(t, '--virtual-clock');
    const relay = await Relay.start(t, service);
    const ann = await open(service, 'ann', { relay, ttl: 600 });
    const doc = await ann.document({ id: 'd', data: { n: 1 } });
    await subscribed(doc);
    const soon = heard(ann, 'tokenAboutToExpire');
    await service.advance(400);
    await soon;
    await ann.updateToken(service.token('ann', { ttl: 4000 }));
    await service.advance(1000); // past the end of the first token
    await doc.set({ n: 2 });
    assert.equal(relay.connections, 1);

    const ended = heard(ann, 'tokenExpired');
    await service.advance(3000);
    await ended;
    await reached(ann, 'disconnected');
    await assert.rejects(doc.set({ n: 3 }));
    await service.instance().documents('d').update({ data: { n: 4 } });

    const update = heard(doc, 'updated', ({ data }) => data.n === 4);
    await ann.updateToken(service.token('ann', { ttl: 9000 }));
    await update; // the replay of what it missed
    await doc.set({ n: 5 });
    assert.deepEqual((await service.instance().documents('d').fetch()).data, { n: 5 });
  });

  named('with ACLs on a stranger is denied every kind of request, and learns nothing', async (t) => {
    const service = await Service.start(t, '--acl', 'on');
    const relay = await Relay.start(t, service);
    const [ann, eve] = [await open(service, 'ann'), await open(service, 'eve', { relay })];
    const canary = 'canary-4711';
    const hers = {
      document: await ann.document({ id: 'n', data: { canary } }),
      list: await ann.list('n'),
      map: await ann.map('n'),
      stream: await ann.stream('n'),
    };
    await hers.list.push({ canary });
    await hers.map.set('k', { canary });
    for (const [kind, { sid }] of Object.entries(hers)) {
      for (const args of [{ id: 'n' }, { id: 'n', mode: 'open_existing' }, { id: sid, mode: 'open_existing' }, sid]) {
        await refused(eve[kind](args), 403, 54007);
      }
      await refused(eve[kind]({ id: 'n', mode: 'create_new' }), 409, 54301);
    }

    // Reading alone: every change is denied as well.
    const one = service.instance();
    const grant = async (flags) => {
      for (const [kind, { sid }] of Object.entries(hers)) {
        const { rest, grants } = KINDS[kind];
        if (grants !== undefined) {
          await one[rest](sid)[grants]('bob').update(flags);
        }
      }
    };
    await grant({ read: true, write: false, manage: false });
    const bob = await open(service, 'bob');
    const his = { document: await bob.document('n'), list: await bob.list('n'), map: await bob.map('n') };
    assert.deepEqual([his.document.data, (await his.list.get(0)).data, (await his.map.get('k')).data],
      [{ canary }, { canary }, { canary }]);
    const writes = [
      () => his.document.set({}), () => his.document.update({ x: 1 }), () => his.document.mutate(() => ({})),
      () => his.document.setTtl(60),
      () => his.list.push({}), () => his.list.set(0, {}), () => his.list.update(0, { x: 1 }),
      () => his.list.mutate(0, () => ({})), () => his.list.remove(0), () => his.list.setTtl(60), () => his.list.setItemTtl(0, 60),
      () => his.map.set('k', {}), () => his.map.set('new', {}), () => his.map.update('k', { x: 1 }),
      () => his.map.mutate('k', () => ({})), () => his.map.remove('k'), () => his.map.setTtl(60), () => his.map.setItemTtl('k', 60),
    ];
    const manages = [() => his.document.removeDocument(), () => his.list.removeList(), () => his.map.removeMap()];
    for (const change of [...writes, ...manages]) {
      await refused(change(), 403, 54007);
    }
    assert.deepEqual((await one.documents('n').fetch()).data, { canary });
    assert.deepEqual((await one.syncLists('n').syncListItems.list()).map(({ data }) => data), [{ canary }]);
    assert.deepEqual((await one.syncMaps('n').syncMapItems.list()).map(({ data }) => data), [{ canary }]);

    await grant({ read: true, write: true, manage: false });
    await his.document.set({ n: 1 });
    await his.list.push({ n: 1 });
    await his.map.set('new', { n: 1 });
    for (const change of manages) {
      await refused(change(), 403, 54007);
    }
    await grant({ read: true, write: true, manage: true });
    for (const change of manages) {
      await change();
    }
    const told = relay.frames.filter(({ from }) => from === 'server').map(({ header, payload }) => JSON.stringify(header) + payload);
    assert.ok(told.length > 10);
    for (const text of told) {
      assert.ok(!text.includes(canary) && !text.includes('"ann"'), text);
    }
  });
}
