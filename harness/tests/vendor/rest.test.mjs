// The helper library `twilio` against REST v1, through a custom httpClient.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Service, refused } from './service.mjs';

test('the library asks the vendor address for what it then gets from here', async (t) => {
  const service = await Service.start(t);
  const client = service.rest();
  const found = await service.instance(client).fetch();

  assert.equal(found.sid, service.ready.service_sid);
  assert.equal(found.accountSid, service.ready.account_sid);
  assert.deepEqual(client.httpClient.seen, [{
    method: 'get',
    uri: `https://sync.twilio.com/v1/Services/${service.ready.service_sid}`,
  }]);
});

test('a service is created, updated, listed and removed', async (t) => {
  const service = await Service.alone(t);
  const { services } = service.rest().sync.v1;
  const made = await services.create({ friendlyName: 'mine', aclEnabled: true });
  assert.match(made.sid, /^IS[0-9a-f]{32}$/);
  assert.deepEqual({ name: made.friendlyName, acl: made.aclEnabled }, { name: 'mine', acl: true });

  const changed = await services(made.sid).update({ aclEnabled: false });
  assert.equal(changed.aclEnabled, false);
  const sids = (await services.list()).map((one) => one.sid);
  assert.deepEqual(sids.toSorted(), [made.sid, service.ready.service_sid].toSorted());

  assert.equal(await services(made.sid).remove(), true);
  await refused(services(made.sid).fetch(), 404, 20404);
});

test('a service and a document in it are created', async (t) => {
  const service = await Service.start(t);
  const { services } = service.rest().sync.v1;
  const made = await services.create({ friendlyName: 'mine' });
  const { documents } = services(made.sid);

  const doc = await documents.create({ uniqueName: 'd1', data: { n: 1, text: 'ä€😀' } });

  assert.match(doc.sid, /^ET[0-9a-f]{32}$/);
  assert.equal(doc.serviceSid, made.sid);
  assert.equal(doc.createdBy, 'system');
  const byName = await documents('d1').fetch();
  const bySid = await documents(doc.sid).fetch();
  assert.deepEqual(byName.data, { n: 1, text: 'ä€😀' });
  assert.deepEqual(bySid.data, byName.data);
  assert.deepEqual(await service.instance().documents.list(), []);
});

test('a stale revision is refused with 412 and changes nothing', async (t) => {
  const service = await Service.start(t);
  const { documents } = service.instance();
  const first = await documents.create({ uniqueName: 'd1', data: { n: 0 } });
  const second = await documents('d1').update({ data: { n: 1 }, ifMatch: first.revision });
  assert.notEqual(second.revision, first.revision);

  await refused(documents('d1').update({ data: { n: 2 }, ifMatch: first.revision }), 412, 54103);

  assert.deepEqual((await documents('d1').fetch()).data, { n: 1 });
});

test('a taken unique name is refused with 409, 54301', async (t) => {
  const service = await Service.start(t);
  const { documents } = service.instance();
  await documents.create({ uniqueName: 'd1', data: { n: 0 } });

  await refused(documents.create({ uniqueName: 'd1', data: { n: 1 } }), 409, 54301);

  assert.deepEqual((await documents.list()).map((doc) => doc.data), [{ n: 0 }]);
});

test('items of a list and of a map are kept apart and in order', async (t) => {
  const service = await Service.start(t);
  const list = await service.instance().syncLists.create({ uniqueName: 'one' });
  const map = await service.instance().syncMaps.create({ uniqueName: 'one' });
  const listItems = service.instance().syncLists(list.sid).syncListItems;
  const mapItems = service.instance().syncMaps(map.sid).syncMapItems;
  await listItems.create({ data: { n: 1 } });
  await listItems.create({ data: { n: 2 } });
  await mapItems.create({ key: 'b', data: { n: 3 } });
  await mapItems.create({ key: 'a', data: { n: 4 } });

  assert.deepEqual((await listItems.list()).map((item) => item.data.n), [1, 2]);
  assert.deepEqual((await mapItems.list()).map((item) => item.key), ['a', 'b']);
  await refused(mapItems.create({ key: 'a', data: {} }), 409, 54208);
  assert.equal(await mapItems('a').remove(), true);
  assert.deepEqual((await mapItems.list()).map((item) => item.key), ['b']);
});

test('the library walks all pages', async (t) => {
  const service = await Service.start(t, '--limits', 'off');
  const { documents } = service.instance();
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  for (const uniqueName of names) {
    await documents.create({ uniqueName, data: {} });
  }

  const found = await documents.list({ pageSize: 3 });

  assert.deepEqual(found.map((doc) => doc.uniqueName).toSorted(), names);
});

test('a stream message gets a sid', async (t) => {
  const service = await Service.start(t);
  const stream = await service.instance().syncStreams.create({ uniqueName: 's1', ttl: 600 });

  const message = await service.instance().syncStreams(stream.sid).streamMessages
    .create({ data: { say: 'hello' } });

  assert.match(message.sid, /^TZ[0-9a-f]{32}$/);
  assert.deepEqual(message.data, { say: 'hello' });
});

test('permissions are set, read, listed and removed', async (t) => {
  const service = await Service.start(t);
  await service.instance().syncMaps.create({ uniqueName: 'm1' });
  const { syncMapPermissions: grants } = service.instance().syncMaps('m1');

  await grants('a user@x').update({ read: true, write: false, manage: false });

  const set = await grants('a user@x').fetch();
  assert.deepEqual([set.identity, set.read, set.write, set.manage], ['a user@x', true, false, false]);
  assert.equal((await grants.list()).length, 1);
  assert.equal(await grants('a user@x').remove(), true);
  assert.deepEqual(await grants.list(), []);
});

test('wrong credentials are refused with 401 and change nothing', async (t) => {
  const service = await Service.start(t);
  const stranger = service.rest({ password: 'wrong' });

  await assert.rejects(service.instance(stranger).documents.create({ uniqueName: 'd1' }),
    (error) => error.status === 401);

  assert.deepEqual(await service.instance().documents.list(), []);
});

test('an API key works as the account does', async (t) => {
  const service = await Service.start(t);
  const keyed = service.rest({ user: service.ready.api_key, password: service.ready.api_secret });

  await service.instance(keyed).documents.create({ uniqueName: 'd1', data: { n: 1 } });

  assert.deepEqual((await service.instance().documents('d1').fetch()).data, { n: 1 });
});
