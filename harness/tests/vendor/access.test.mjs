// Access control and tokens as the unmodified SDK meets them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Service, connected, heard, reached, refused, within } from './service.mjs';

const EVENT_MS = 10000;

test('with ACLs on another identity is denied with 403, 54007 until granted', async (t) => {
  const service = await Service.start(t, '--acl', 'on');
  const [ann, bob] = await Promise.all([service.sdk('ann'), service.sdk('bob')]);
  const hers = await ann.document({ id: 'd1', data: { secret: 'canary' } });
  await refused(bob.document({ id: 'd1', mode: 'open_existing' }), 403, 54007);
  const grants = service.instance().documents(hers.sid).documentPermissions('bob');

  await grants.update({ read: true, write: false, manage: false });
  const his = await bob.document({ id: 'd1', mode: 'open_existing' });
  assert.deepEqual(his.data, { secret: 'canary' });
  await refused(his.set({ secret: 'bob' }), 403, 54007);
  await refused(his.removeDocument(), 403, 54007);
  assert.deepEqual((await service.instance().documents('d1').fetch()).data, { secret: 'canary' });

  await grants.update({ read: true, write: true, manage: false });
  await his.set({ secret: 'bob' });
  assert.deepEqual((await service.instance().documents('d1').fetch()).data, { secret: 'bob' });
  await refused(his.removeDocument(), 403, 54007);

  await grants.update({ read: true, write: true, manage: true });
  await his.removeDocument();
  await refused(service.instance().documents(hers.sid).fetch(), 404, 20404);
});

test('with ACLs on a document made over REST is closed to clients', async (t) => {
  const service = await Service.start(t, '--acl', 'on');
  const ann = await service.sdk('ann');
  await service.instance().documents.create({ uniqueName: 'd1', data: { n: 1 } });

  await refused(ann.document('d1'), 403, 54007);

  await service.instance().documents('d1').documentPermissions('ann')
    .update({ read: true, write: false, manage: false });
  assert.deepEqual((await ann.document('d1')).data, { n: 1 });
});

test('after a revocation no update reaches the client', async (t) => {
  const service = await Service.start(t, '--acl', 'on');
  const [ann, bob] = await Promise.all([service.sdk('ann'), service.sdk('bob')]);
  const hers = await ann.document({ id: 'd1', data: { n: 1 } });
  const grants = service.instance().documents(hers.sid).documentPermissions('bob');
  await grants.update({ read: true, write: false, manage: false });
  const his = await bob.document({ id: 'd1', mode: 'open_existing' });
  const heardOf = [];
  his.on('updated', ({ data }) => heardOf.push(data.n));
  const control = heard(his, 'updated', ({ data }) => data.n === 2);
  await hers.set({ n: 2 });
  await control;

  await grants.remove();
  await hers.set({ n: 3 });
  // A fence: an event on the same connection that comes after.
  const fence = await bob.document({ id: 'fence', data: { n: 0 } });
  const fenced = heard(fence, 'updated', ({ isLocal }) => !isLocal);
  await service.instance().documents('fence').update({ data: { n: 1 } });
  await fenced;

  assert.deepEqual(heardOf, [2]);
  his.close();
  await refused(bob.document({ id: 'd1', mode: 'open_existing' }), 403, 54007);
});

test('an updated token of the same identity keeps the connection', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const states = [];
  ann.on('connectionStateChanged', (state) => states.push(state));

  await ann.updateToken(service.token('ann', { ttl: 7200 }));

  await ann.document({ id: 'd1', data: { n: 1 } });
  assert.deepEqual(states, []);
  assert.deepEqual((await service.instance().documents('d1').fetch()).data, { n: 1 });
});

test('an updated token of another identity is refused', async (t) => {
  const service = await Service.start(t, '--acl', 'on');
  const [ann, bob] = await Promise.all([service.sdk('ann'), service.sdk('bob')]);
  await ann.document({ id: 'd1', data: { n: 1 } });

  await assert.rejects(within(bob.updateToken(service.token('ann')), EVENT_MS, 'refusal'),
    (error) => error.code === 51130);

  await reached(bob, 'denied');
});

test('the session ends when its token does, and a new token revives it', async (t) => {
  const service = await Service.start(t, '--virtual-clock');
  const ann = await service.sdk('ann', { ttl: 600 });
  const doc = await ann.document({ id: 'd1', data: { n: 1 } });
  const soon = heard(ann, 'tokenAboutToExpire');
  await service.advance(400);
  await soon;
  await doc.set({ n: 2 }); // still valid

  const ended = heard(ann, 'tokenExpired');
  await service.advance(300);
  await ended;
  await reached(ann, 'disconnected');
  await assert.rejects(doc.set({ n: 3 }));
  assert.deepEqual((await service.instance().documents('d1').fetch()).data, { n: 2 });
});

test('an expired token is refused and named so', async (t) => {
  const service = await Service.start(t, '--virtual-clock');
  const token = service.token('ann', { ttl: 60 });
  await service.advance(120);

  const late = service.sdkWithToken(token);
  await heard(late, 'tokenExpired');
  const { terminal, errorCode } = await heard(late, 'connectionError');
  assert.deepEqual({ terminal, errorCode }, { terminal: true, errorCode: 20104 });
  await reached(late, 'denied');
});

test('a token signed with another secret is refused with 20107', async (t) => {
  const service = await Service.start(t);
  const control = await service.sdk('ann');
  assert.equal(control.connectionState, 'connected');

  const forged = service.sdkWithToken(service.token('ann', { secret: 'not-the-secret' }));
  assert.equal((await heard(forged, 'connectionError')).errorCode, 20107);
  await reached(forged, 'denied');
});

test('text that is no token is refused with 20101', async (t) => {
  const service = await Service.start(t);
  const nobody = service.sdkWithToken('no token at all');
  assert.equal((await heard(nobody, 'connectionError')).errorCode, 20101);
  await reached(nobody, 'denied');

  await nobody.updateToken(service.token('ann'));
  await connected(nobody);
});
