// Documents through the unmodified SDK: what one client does, another with
// another identity sees, and the backend reads the same over REST.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Service, heard, refused } from './service.mjs';

test('a created document is stored with its data and creator', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const made = await ann.document({ id: 'd1', mode: 'create_new', data: { n: 1 } });

  assert.match(made.sid, /^ET[0-9a-f]{32}$/);
  assert.equal(made.uniqueName, 'd1');
  assert.deepEqual(made.data, { n: 1 });
  const stored = await service.instance().documents('d1').fetch();
  assert.equal(stored.sid, made.sid);
  assert.deepEqual(stored.data, { n: 1 });
  assert.equal(stored.createdBy, 'ann');
});

test('a second client with another identity sees an update', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const bob = await service.sdk('bob');
  const hers = await ann.document({ id: 'd1', data: { n: 1 } });
  const his = await bob.document({ id: 'd1', mode: 'open_existing' });
  assert.equal(his.sid, hers.sid);
  assert.deepEqual(his.data, { n: 1 });

  const seen = heard(his, 'updated', ({ data }) => data.n === 2);
  await hers.set({ n: 2 });

  const { data, previousData, isLocal } = await seen;
  assert.deepEqual({ data, previousData, isLocal },
    { data: { n: 2 }, previousData: { n: 1 }, isLocal: false });
  assert.deepEqual(his.data, { n: 2 });
});

test('an update over REST reaches a client', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const doc = await ann.document({ id: 'd1', data: { n: 1 } });
  const seen = heard(doc, 'updated', ({ isLocal }) => !isLocal);

  const stored = await service.instance().documents('d1').update({ data: { n: 'rest' } });

  assert.deepEqual((await seen).data, { n: 'rest' });
  assert.deepEqual(stored.data, { n: 'rest' });
});

test('create_new of a taken name is refused with 409, 54301', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const bob = await service.sdk('bob');
  await ann.document({ id: 'd1', mode: 'create_new', data: { by: 'ann' } });

  await refused(bob.document({ id: 'd1', mode: 'create_new', data: { by: 'bob' } }), 409, 54301);

  const stored = await service.instance().documents('d1').fetch();
  assert.deepEqual(stored.data, { by: 'ann' });
});

test('open_existing of an unknown name is refused with 404, 54300', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');

  await refused(ann.document({ id: 'none', mode: 'open_existing' }), 404, 54300);

  assert.deepEqual(await service.instance().documents.list(), []);
});

test('open_or_create makes one object for two clients', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = await Promise.all([service.sdk('ann'), service.sdk('bob')]);

  const [hers, his] = await Promise.all([ann.document('d1'), bob.document('d1')]);

  assert.equal(hers.sid, his.sid);
  assert.equal((await service.instance().documents.list()).length, 1);
});

test('competing mutations lose no change', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = await Promise.all([service.sdk('ann'), service.sdk('bob')]);
  const hers = await ann.document({ id: 'd1', data: { n: 0 } });
  const his = await bob.document({ id: 'd1', mode: 'open_existing' });
  const add = (current) => ({ n: current.n + 1 });
  const addThrice = async (doc) => {
    for (let i = 0; i < 3; i += 1) {
      await doc.mutate(add);
    }
  };

  await Promise.all([addThrice(hers), addThrice(his)]);

  const stored = await service.instance().documents('d1').fetch();
  assert.deepEqual(stored.data, { n: 6 });
});

test('a mutation of a stale state starts again from the stored one', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const doc = await ann.document({ id: 'd1', data: { n: 1 } });
  const started = [];

  await doc.mutate((current) => {
    started.push(current.n);
    if (started.length === 1) {
      service.updateBehindTheBack('d1', { n: 5 });
    }
    return { n: current.n + 1 };
  });

  assert.deepEqual(started, [1, 5]);
  const stored = await service.instance().documents('d1').fetch();
  assert.deepEqual(stored.data, { n: 6 });
});

test('update merges into the stored data', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const doc = await ann.document({ id: 'd1', data: { a: 1, b: 2 } });

  await doc.update({ b: 3, c: 4 });

  const stored = await service.instance().documents('d1').fetch();
  assert.deepEqual(stored.data, { a: 1, b: 3, c: 4 });
});

test('data above the size limit is refused with 413, 54006, the largest is stored', async (t) => {
  const service = await Service.start(t);
  const ann = await service.sdk('ann');
  const fits = { text: 'x'.repeat(16 * 1024 - '{"text":""}'.length) };
  const doc = await ann.document({ id: 'd1', data: { n: 1 } });
  await doc.set(fits);

  await refused(doc.set({ text: `${fits.text}x` }), 413, 54006);

  const stored = await service.instance().documents('d1').fetch();
  assert.deepEqual(stored.data, fits);
});

test('a document is gone for all when its TTL has ended', async (t) => {
  const service = await Service.start(t, '--virtual-clock');
  const [ann, bob] = await Promise.all([service.sdk('ann'), service.sdk('bob')]);
  const hers = await ann.document({ id: 'd1', data: { n: 1 } });
  const his = await bob.document({ id: 'd1', mode: 'open_existing' });
  await hers.setTtl(60);
  const stored = await service.instance().documents('d1').fetch();
  assert.ok(stored.dateExpires instanceof Date && !Number.isNaN(stored.dateExpires.getTime()));
  const gone = heard(his, 'removed');

  await service.advance(30);
  assert.deepEqual((await service.instance().documents('d1').fetch()).data, { n: 1 });
  await service.advance(40);

  const { previousData, isLocal } = await gone;
  assert.deepEqual({ previousData, isLocal }, { previousData: { n: 1 }, isLocal: false });
  await refused(service.instance().documents('d1').fetch(), 404, 20404);
});

test('a removed document is gone for all', async (t) => {
  const service = await Service.start(t);
  const [ann, bob] = await Promise.all([service.sdk('ann'), service.sdk('bob')]);
  const hers = await ann.document({ id: 'd1', data: { n: 1 } });
  const his = await bob.document({ id: 'd1', mode: 'open_existing' });
  const gone = heard(his, 'removed');

  await hers.removeDocument();

  assert.deepEqual((await gone).previousData, { n: 1 });
  await refused(bob.document({ id: hers.sid, mode: 'open_existing' }), 404, 54100);
  await refused(service.instance().documents(hers.sid).fetch(), 404, 20404);
});
