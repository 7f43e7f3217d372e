// Lists, maps and streams through the unmodified SDK.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Service, heard, refused, subscribed } from './service.mjs';

const pair = async (service) => Promise.all([service.sdk('ann'), service.sdk('bob')]);

async function drain(first, value) {
  const all = [];
  for (let page = first; ; page = await page.nextPage()) {
    all.push(...page.items.map(value));
    if (!page.hasNextPage) {
      return all;
    }
  }
}

test('a second client sees items of a list come, change and go', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = await pair(service);
  const hers = await ann.list('l1');
  const his = await bob.list({ id: 'l1', mode: 'open_existing' });

  const added = heard(his, 'itemAdded', ({ isLocal }) => !isLocal);
  const item = await hers.push({ n: 1 });
  assert.deepEqual((await added).item.data, { n: 1 });

  const updated = heard(his, 'itemUpdated', ({ isLocal }) => !isLocal);
  await hers.set(item.index, { n: 2 });
  const change = await updated;
  assert.deepEqual(change.item.data, { n: 2 });
  assert.deepEqual(change.previousItemData, { n: 1 });

  const removed = heard(his, 'itemRemoved', ({ isLocal }) => !isLocal);
  await hers.remove(item.index);
  const { index, previousItemData } = await removed;
  assert.deepEqual({ index, previousItemData }, { index: item.index, previousItemData: { n: 2 } });
  // His own handle answers from its cache; a new client has to ask.
  const eve = await service.sdk('eve');
  const fresh = await eve.list({ id: 'l1', mode: 'open_existing' });
  await refused(fresh.get(item.index), 404, 54151);
  await refused(service.instance().syncLists('l1').syncListItems(item.index).fetch(), 404, 20404);
});

test('a list is paged through in both orders', async (t) => {
  const service = await Service.start(t, '--limits', 'off');
  const [ann, bob] = await pair(service);
  const hers = await ann.list('l1');
  const sent = [0, 1, 2, 3, 4, 5, 6];
  for (const n of sent) {
    await hers.push({ n });
  }
  const his = await bob.list({ id: 'l1', mode: 'open_existing' });

  const upwards = await drain(await his.getItems({ pageSize: 3, order: 'asc' }), (item) => item.data.n);
  const downwards = await drain(await his.getItems({ pageSize: 3, order: 'desc' }), (item) => item.data.n);

  assert.deepEqual(upwards, sent);
  assert.deepEqual(downwards, sent.toReversed());
});

test('a second client sees items of a map come, change and go', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = await pair(service);
  const hers = await ann.map('m1');
  const his = await bob.map({ id: 'm1', mode: 'open_existing' });

  const added = heard(his, 'itemAdded', ({ isLocal }) => !isLocal);
  await hers.set('a key/with %', { n: 1 });
  const { item } = await added;
  assert.deepEqual({ key: item.key, data: item.data }, { key: 'a key/with %', data: { n: 1 } });

  const updated = heard(his, 'itemUpdated', ({ isLocal }) => !isLocal);
  await hers.mutate('a key/with %', (current) => ({ n: current.n + 1 }));
  assert.deepEqual((await updated).item.data, { n: 2 });

  const removed = heard(his, 'itemRemoved', ({ isLocal }) => !isLocal);
  await hers.remove('a key/with %');
  const { key, previousItemData } = await removed;
  assert.deepEqual({ key, previousItemData }, { key: 'a key/with %', previousItemData: { n: 2 } });
  await refused(his.get('a key/with %'), 404, 54201);
});

test('competing mutations of a map item lose no change', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = await pair(service);
  const hers = await ann.map('m1');
  const his = await bob.map({ id: 'm1', mode: 'open_existing' });
  await hers.set('k', { n: 0 });
  const add = (current) => ({ n: current.n + 1 });

  await Promise.all([hers.mutate('k', add), his.mutate('k', add), hers.mutate('k', add)]);

  const stored = await service.instance().syncMaps('m1').syncMapItems('k').fetch();
  assert.deepEqual(stored.data, { n: 3 });
});

test('a map item is gone when its TTL has ended, its neighbour stays', async (t) => {
  const service = await Service.start(t, '--virtual-clock');
  const [ann, bob] = await pair(service);
  const hers = await ann.map('m1');
  const his = await bob.map({ id: 'm1', mode: 'open_existing' });
  await hers.set('short', { n: 1 }, { ttl: 60 });
  await hers.set('long', { n: 2 });
  await his.get('short');
  const gone = heard(his, 'itemRemoved');

  await service.advance(90);

  assert.equal((await gone).key, 'short');
  const items = await service.instance().syncMaps('m1').syncMapItems.list();
  assert.deepEqual(items.map((item) => item.key), ['long']);
});

test('a removed list and a removed map are gone for all', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = await pair(service);
  const list = await ann.list('l1');
  const map = await ann.map('m1');
  const goneList = heard(await bob.list({ id: 'l1', mode: 'open_existing' }), 'removed');
  const goneMap = heard(await bob.map({ id: 'm1', mode: 'open_existing' }), 'removed');

  await list.removeList();
  await map.removeMap();

  await Promise.all([goneList, goneMap]);
  await refused(bob.list({ id: 'l1', mode: 'open_existing' }), 404, 54300);
  await refused(bob.map({ id: 'm1', mode: 'open_existing' }), 404, 54300);
});

test('a stream message reaches the other client as it was sent', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = await pair(service);
  const hers = await ann.stream('s1');
  const his = await bob.stream({ id: 's1', mode: 'open_existing' });
  await subscribed(his);
  const came = heard(his, 'messagePublished');

  const sent = await hers.publishMessage({ say: 'hello' });

  const { message, isLocal } = await came;
  assert.deepEqual({ sid: message.sid, data: message.data, isLocal },
    { sid: sent.sid, data: { say: 'hello' }, isLocal: false });
});

test('a stream message above 4 KiB is refused with 413, 54006', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const stream = await ann.stream('s1');
  const fits = { text: 'x'.repeat(4 * 1024 - '{"text":""}'.length) };
  assert.match((await stream.publishMessage(fits)).sid, /^TZ[0-9a-f]{32}$/);

  await refused(stream.publishMessage({ text: `${fits.text}x` }), 413, 54006);
});
