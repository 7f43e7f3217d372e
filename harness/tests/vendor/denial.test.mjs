// With ACLs on, every request that the SDK plane knows, one by one, by an
// identity without rights: 403 with code 54007, and nothing of the content.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer, sdkRequests } from './peer.mjs';
import { Service } from './service.mjs';

const CANARY = 'canary-0815';
const TYPES = ['document', 'list', 'map', 'stream'];

// Four objects of ann's with content, and peers of this and another identity.
async function scene(t) {
  const service = await Service.start(t, '--acl', 'on', '--limits', 'off');
  const { sdk, service_sid: root } = service.ready;
  const ann = await Peer.start(t, sdk, service.token('ann'));
  const eve = await Peer.start(t, sdk, service.token('eve'));
  const ids = {};
  for (const type of TYPES) {
    const data = type === 'document' ? { data: { CANARY } } : {};
    const { status, payload } = await ann.request('POST', `/v3/${type[0].toUpperCase()}${type.slice(1)}s`, { unique_name: 'hers', ...data });
    assert.equal(status, 201);
    ids[type] = payload.sid;
  }
  const put = [['POST', `/v3/Services/${root}/Lists/${ids.list}/Items`], ['PUT', `/v3/Services/${root}/Maps/${ids.map}/Items/k`]];
  for (const [method, path] of put) {
    assert.equal((await ann.request(method, path, { data: { CANARY } })).status, 201);
  }
  const names = Object.fromEntries(TYPES.map((type) => [type, 'hers']));
  return { service, root, ann, eve, ids, names };
}

const stored = async (service) => {
  const one = service.instance();
  return JSON.parse(JSON.stringify([await one.documents.list(), await one.syncLists.list(), await one.syncMaps.list(),
    await one.syncStreams.list(), await one.syncLists('hers').syncListItems.list(), await one.syncMaps('hers').syncMapItems.list()]));
};

test('every SDK request of a stranger is 403, 54007 and says nothing', async (t) => {
  const { service, root, ann, eve, ids, names } = await scene(t);
  const before = await stored(service);
  const requests = [ids, names].flatMap((by) => sdkRequests(root, by, 'k'));
  for (const [method, path, body, params] of requests) {
    eve.told.length = 0;
    const { status, code } = await eve.request(method, path, body, params);
    assert.deepEqual([status, code], [403, 54007], `${method} ${path}`);
    assert.ok(!eve.told.join().includes(CANARY) && !eve.told.join().includes('ann'), `${method} ${path}: ${eve.told}`);
  }
  // Whether an item is there is not told either, nor whose a taken name is.
  for (const [method, path, body, params] of sdkRequests(root, ids, 'absent').concat([['GET', `/v3/Services/${root}/Lists/${ids.list}/Items/99`]])) {
    const { status, code } = await eve.request(method, path, body, params);
    assert.deepEqual([status, code], [403, 54007], `${method} ${path}`);
  }
  eve.told.length = 0;
  for (const type of TYPES) {
    const { status, code } = await eve.request('POST', `/v3/${type[0].toUpperCase()}${type.slice(1)}s`, { unique_name: 'hers' });
    assert.deepEqual([status, code], [409, 54301]);
  }
  assert.ok(!/ann|canary|(ET|ES|MP|TO)[0-9a-f]{32}/.test(eve.told.join()), eve.told.join());
  assert.deepEqual(await stored(service), before);

  // Control: the creator; what removes comes last.
  const rank = ([method, path]) => (method !== 'DELETE' ? 0 : path.includes('/Items/') ? 1 : 2);
  for (const [method, path, body, params] of sdkRequests(root, ids, 'k').toSorted((one, other) => rank(one) - rank(other))) {
    const { status } = await ann.request(method, path, body, params);
    assert.ok(status >= 200 && status < 300, `${method} ${path} gave ${status}`);
  }
  t.diagnostic(`${requests.length} requests refused`);
});

test('every subscription of a stranger fails with 403, and no event reaches him', async (t) => {
  const { service, root, ann, eve, ids } = await scene(t);
  const requests = TYPES.map((type) => ({ object_sid: ids[type], object_type: type, last_event_id: type === 'stream' ? null : 0 }));
  assert.deepEqual([...(await eve.subscribe(requests)).values()], [403, 403, 403, 403]);
  assert.deepEqual([...(await ann.subscribe(requests)).values()], TYPES.map(() => 'established'));
  const known = eve.notes.length;
  const change = { data: { CANARY, again: true } };
  const paths = [`Documents/${ids.document}`, `Lists/${ids.list}/Items`, `Maps/${ids.map}/Items/k`, `Streams/${ids.stream}/Messages`];
  for (const path of paths) {
    const method = path.includes('/k') ? 'PUT' : 'POST';
    assert.ok((await ann.request(method, `/v3/Services/${root}/${path}`, change)).status < 300);
  }
  // A fence: something that is his own to hear comes after all of it.
  const { payload } = await eve.request('POST', '/v3/Documents', { unique_name: 'his', data: {} });
  await eve.subscribe([{ object_sid: payload.sid, object_type: 'document', last_event_id: 0 }]);
  await service.instance().documents('his').update({ data: { n: 1 } });
  await eve.request('GET', '/v3/Documents/his');
  const news = eve.notes.slice(known).map(({ event_type: type }) => type);
  assert.deepEqual(news, ['subscription_established', 'document_updated']);
  assert.ok(!eve.told.join().includes(CANARY));
  assert.ok(ann.notes.some((note) => JSON.stringify(note).includes(CANARY)));
});
