// The current line of the client SDK: what all lines can do, and what only it can.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SyncClient } from 'twilio-sync';
import { Relay } from './relay.mjs';
import { coreTests, opener } from './sdk-core.mjs';
import { Service, connected, heard, reached, refused, subscribed, within } from './service.mjs';

coreTests('4.0.1', SyncClient);
const open = opener(SyncClient);

test('a map opened with its items needs no request to read them', async (t) => {
  const service = await Service.start(t);
  const relay = await Relay.start(t, service);
  const [ann, bob] = [await open(service, 'ann'), await open(service, 'bob', { relay })];
  const hers = await ann.map('m');
  await hers.set('a', { n: 1 });
  await hers.set('b', { n: 2 });

  const his = await bob.map({ id: 'm', mode: 'open_existing', includeItems: true });
  const asked = relay.sent('message').filter(({ header }) => header.http_request.method === 'GET');
  assert.deepEqual([(await his.get('a')).data, (await his.get('b')).data], [{ n: 1 }, { n: 2 }]);

  assert.equal(asked.length, 1);
  assert.deepEqual(asked[0].header.http_request.params, { Include: 'items' });
  assert.equal(relay.sent('message').filter(({ header }) => header.http_request.method === 'GET').length, 1);
});

test('the context of a list is an empty object', async (t) => {
  const service = await Service.start(t);
  const ann = await open(service, 'ann');
  const list = await ann.list({ id: 'l', purpose: 'chat' });
  assert.deepEqual(await list.getContext(), {});
});

test('queries of an unknown index are refused with 404, 54502', async (t) => {
  const service = await Service.start(t);
  const ann = await open(service, 'ann');
  await refused(ann.liveQuery('none', 'data.x == 1'), 404, 54502);
  const query = await ann.instantQuery('none');
  await refused(query.search('data.x == 1'), 404, 54502);
  await refused(query.subscribe(), 400, 54507);
});

test('a closed handle hears nothing more, another of the same object does', async (t) => {
  const service = await Service.start(t);
  const relay = await Relay.start(t, service);
  const ann = await open(service, 'ann', { relay });
  const [first, second] = [await ann.document('d'), await ann.document('d')];
  await Promise.all([subscribed(first), subscribed(second)]);
  const seen = [];
  first.on('updated', ({ data }) => seen.push(data));
  first.close();
  const update = heard(second, 'updated', ({ data }) => data.n === 1);
  await service.instance().documents('d').update({ data: { n: 1 } });
  await update;
  assert.deepEqual(seen, []);

  const canceled = heardFrame(relay, 'subscription_canceled');
  second.close();
  await canceled;
  await service.instance().documents('d').update({ data: { n: 2 } });
  const again = await ann.document({ id: 'd', mode: 'open_existing' });
  assert.deepEqual(again.data, { n: 2 });
  assert.ok(!relay.frames.some(({ payload }) => payload.includes('"document_data":{"n":2}')));
});

// A notification of this type, however soon it comes.
function heardFrame(relay, type) {
  const found = () => relay.frames.find(({ from, payload }) => from === 'server' && payload.includes(`"${type}"`));
  return within(new Promise((resolve) => {
    const timer = setInterval(() => {
      const frame = found();
      if (frame) {
        clearInterval(timer);
        resolve(JSON.parse(frame.payload));
      }
    }, 5);
    timer.unref();
  }), 10000, type);
}

for (const [kind, rest, grants] of [
  ['document', 'documents', 'documentPermissions'],
  ['list', 'syncLists', 'syncListPermissions'],
  ['map', 'syncMaps', 'syncMapPermissions'],
]) {
  test(`a revoked reader of a ${kind} is told by a cancel, then by a failure`, async (t) => {
    const service = await Service.start(t, '--acl', 'on');
    const relay = await Relay.start(t, service);
    const [ann, bob] = [await open(service, 'ann'), await open(service, 'bob', { relay })];
    const hers = await ann[kind]('n');
    const permission = service.instance()[rest](hers.sid)[grants]('bob');
    await permission.update({ read: true, write: true, manage: false });
    const his = await bob[kind]({ id: 'n', mode: 'open_existing' });
    await subscribed(his);
    const failure = heard(his, 'failure');

    await permission.remove();

    const error = await failure;
    assert.deepEqual({ status: error.status, code: error.code }, { status: 403, code: 54007 });
    const canceled = await heardFrame(relay, 'subscription_canceled');
    assert.deepEqual([canceled.correlation_id, canceled.events.map((one) => one.object_sid)], [null, [hers.sid]]);
    await refused(his.setTtl(60), 403, 54007);

    his.close();
    await permission.update({ read: true, write: false, manage: false });
    const back = await bob[kind]({ id: 'n', mode: 'open_existing' });
    await subscribed(back);
  });
}

test('switching ACLs on under live clients stops the strangers', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = [await open(service, 'ann'), await open(service, 'bob')];
  const hers = await ann.document({ id: 'd', data: { n: 0 } });
  const his = await bob.document('d');
  await subscribed(his);
  const failure = heard(his, 'failure');

  await service.instance().update({ aclEnabled: true });

  assert.equal((await failure).code, 54007);
  await refused(his.set({ n: 1 }), 403, 54007);
  await hers.set({ n: 2 });
  await service.instance().update({ aclEnabled: false });
  await his.set({ n: 3 });
  assert.deepEqual((await service.instance().documents('d').fetch()).data, { n: 3 });
});

test('requests made while the connection is lost are sent after it', async (t) => {
  const service = await Service.start(t);
  const relay = await Relay.start(t, service);
  const ann = await open(service, 'ann', { relay });
  const doc = await ann.document({ id: 'd', data: { n: 0 } });
  const lost = heard(ann, 'connectionStateChanged', (state) => state !== 'connected');
  relay.drop();
  await lost;
  await doc.set({ n: 1 });
  assert.deepEqual((await service.instance().documents('d').fetch()).data, { n: 1 });
  assert.equal(relay.connections, 2);
});

test('a reconnect presents the continuation token, which is confirmed', async (t) => {
  const service = await Service.start(t);
  const relay = await Relay.start(t, service);
  const ann = await open(service, 'ann', { relay });
  const lost = heard(ann, 'connectionStateChanged', (state) => state !== 'connected');
  relay.drop();
  await lost;
  await connected(ann);

  const [first, second] = relay.sent('init').map(({ header }) => header);
  const replies = [first, second].map(({ id }) => relay.frames
    .find(({ from, header }) => from === 'server' && header.id === id).header);
  assert.equal(first.continuation_token, null);
  assert.deepEqual([replies[0].continuation_token_status.reissued, replies[1].continuation_token_status.reissued], [true, false]);
  assert.equal(second.continuation_token, replies[0].continuation_token);
  assert.equal(replies[0].offline_storage.data_sync.storage_id, replies[1].offline_storage.data_sync.storage_id);
});

test('a second client with the expired token of a first is denied', async (t) => {
  const service = await Service.start(t, '--virtual-clock');
  const token = service.token('ann', { ttl: 300 });
  const ann = await open(service, 'ann', { token });
  const expired = heard(ann, 'tokenExpired');
  await service.advance(301);
  await expired;
  const late = service.sdkWithToken(token);
  await reached(late, 'denied');
});

test('the key of a token is deleted: no new client gets in', async (t) => {
  const service = await Service.alone(t);
  const control = await open(service, 'ann');
  assert.equal(control.connectionState, 'connected');
  assert.equal((await service.control(`keys/${service.ready.api_key}`, 'DELETE')).status, 204);
  const late = service.sdkWithToken(service.token('bob'));
  assert.equal((await heard(late, 'connectionError')).errorCode, 20103);
  await reached(late, 'denied');
});
