// `syncproof record` where networks are as they are: TLS towards the service
// and towards the app, many clients at once, connections that break on either
// side, a recorder that is killed, webhooks instead of a recorder.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import twilio from 'twilio';
import { Peer } from './peer.mjs';
import { Recorder, denialsIn, folderOf, restThrough, sdkThrough, syncproof, targetFile } from './recorder.mjs';
import { Relay } from './relay.mjs';
import { Service, heard, reached, subscribed, within } from './service.mjs';

const key = (name) => fileURLToPath(new URL(`../../../fixtures/keys/${name}`, import.meta.url));
const OVER_TLS = ['--tls-cert', key('server.pem'), '--tls-key', key('server.key')];
const EXIT_UNREACHABLE = 69;
const BACK_MS = 60000; // the SDK waits before it comes back, a crowd on a busy machine longer
const range = (count) => [...Array(count).keys()];
const ofOp = (lines, op) => lines.filter((line) => line.op === op);

test('a service behind TLS is recorded on both planes, when its authority is known', async (t) => {
  const folder = folderOf(t);
  const service = await Service.alone(t, ...OVER_TLS, '--limits', 'off');
  assert.match(service.ready.rest, /^https:/);
  assert.match(service.ready.sdk, /^wss:/);
  const recorder = await Recorder.start(t, service, folder,
    { flags: ['--keep-names'], target: { tls: { ca_file: key('ca.pem') } } });
  assert.match(recorder.ready.rest, /^http:/);
  await restThrough(service, recorder.ready).documents.create({ uniqueName: 'd', data: { n: 0 } });
  const ann = await sdkThrough(t, service, recorder.ready, 'ann');
  const doc = await ann.document({ id: 'd', mode: 'open_existing' });
  await subscribed(doc);
  const update = heard(doc, 'updated', ({ isLocal }) => !isLocal);
  await restThrough(service, recorder.ready).documents('d').update({ data: { n: 1 } });
  assert.deepEqual((await update).data, { n: 1 });
  await doc.set({ n: 2 });
  await ann.shutdown();
  const lines = await recorder.stop();
  assert.deepEqual(lines.filter(({ op }) => ['create', 'open', 'update', 'subscribe'].includes(op))
    .map(({ op, src, identity, name, http }) => [op, src, identity, name, http]),
  [['create', 'rest', 'system', 'd', 201], ['open', 'sdk', 'ann', 'd', 200], ['subscribe', 'sdk', 'ann', 'd', 200],
    ['update', 'rest', 'system', 'd', 200], ['update', 'sdk', 'ann', 'd', 200]]);
});

for (const [what, tls] of [['unknown', undefined], ['another', { ca_file: key('other-ca.pem') }]]) {
  test(`a service whose authority is ${what} is not recorded, and no trace is left`, async (t) => {
    const folder = folderOf(t);
    const service = await Service.alone(t, ...OVER_TLS);
    const started = Recorder.start(t, service, folder, { target: tls === undefined ? {} : { tls } });
    await assert.rejects(started, (error) => error.code === EXIT_UNREACHABLE);
    assert.ok(!existsSync(join(folder, 'trace-1.jsonl')));
  });
}

test('without credentials the SDK plane alone asks for the authority', async (t) => {
  const folder = folderOf(t);
  const service = await Service.alone(t, ...OVER_TLS);
  const bare = { api_key: undefined, api_secret: undefined, auth_token: undefined };
  const start = (authority) => Recorder.start(t, service, folder, { target: { ...bare, tls: { ca_file: key(authority) } } });
  const trusted = await start('ca.pem');
  await Peer.start(t, trusted.ready.sdk, service.token('ann'));
  const distrusted = await start('other-ca.pem');
  await assert.rejects(within(Peer.start(t, distrusted.ready.sdk, service.token('ann')), 5000, 'a connection'));
  assert.equal(ofOp(await trusted.stop(), 'connect').length, 1);
  assert.equal(ofOp(await distrusted.stop(), 'connect').filter(({ http }) => http === 200).length, 0);
});

test('towards the app a recorder may speak TLS itself', async (t) => {
  const folder = folderOf(t);
  const service = await Service.start(t, '--limits', 'off');
  const recorder = await Recorder.start(t, service, folder, { flags: ['--keep-names', ...OVER_TLS] });
  assert.match(recorder.ready.rest, /^https:/);
  const ca = readFileSync(key('ca.pem'));
  const asked = request(`${recorder.ready.rest}/v1/Services/${service.ready.service_sid}/Documents`, { method: 'POST', ca,
    auth: `${service.ready.account_sid}:${service.ready.auth_token}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  asked.end('UniqueName=d');
  const [answer] = await once(asked, 'response');
  assert.equal(answer.statusCode, 201);
  answer.resume();
  const peer = await Peer.start(t, recorder.ready.sdk, service.token('ann'), null, { ca });
  assert.equal((await peer.request('GET', `/v3/Services/${service.ready.service_sid}/Documents/d`)).status, 200);
  const lines = await recorder.stop();
  assert.deepEqual(ofOp(lines, 'create').map(({ src, name }) => [src, name]), [['rest', 'd']]);
  assert.deepEqual(ofOp(lines, 'open').map(({ identity, name, http }) => [identity, name, http]), [['ann', 'd', 200]]);
});

// Each client keeps a document of its own; what it wrote is counted.
async function crowd(t, service, where, count) {
  const clients = await Promise.all(range(count).map(async (n) => {
    const identity = `user-${n}`;
    const client = await sdkThrough(t, service, where, identity);
    const doc = await client.document({ id: `own-${identity}` });
    await subscribed(doc);
    return { identity, client, doc };
  }));
  return { clients, write: (n) => Promise.all(clients.map(({ doc }) => doc.set({ n }))) };
}

async function backAgain(clients, cause) {
  const away = clients.map(({ client }) => heard(client, 'connectionStateChanged', (state) => state !== 'connected', BACK_MS));
  await cause();
  await Promise.all(away);
  await Promise.all(clients.map(({ client }) => reached(client, 'connected', BACK_MS)));
}

// Every event of the trace belongs to the identity whose connection it came on.
function judgeCrowd(lines, { clients }, { connects, updates }) {
  const owners = new Map();
  for (const { conn, identity, src } of lines.filter(({ op }) => op !== undefined)) {
    if (src === 'sdk') {
      assert.equal(owners.get(conn) ?? identity, identity, `connection ${conn} has one identity`);
      owners.set(conn, identity);
    }
  }
  for (const { identity } of clients) {
    const own = lines.filter((line) => line.identity === identity && line.op !== undefined);
    assert.equal(ofOp(own, 'connect').length, connects, `${identity}: connects`);
    assert.equal(new Set(own.map(({ conn }) => conn)).size, connects, `${identity}: connections`);
    assert.deepEqual(ofOp(own, 'update').map(({ name, http }) => [name, http]), range(updates).map(() => [`own-${identity}`, 200]));
    assert.equal(ofOp(own, 'create').length, 1);
  }
}

test('thirty clients that are sent away and come back are written down whole', async (t) => {
  const folder = folderOf(t);
  const service = await Service.alone(t, '--limits', 'off');
  const recorder = await Recorder.start(t, service, folder, { flags: ['--keep-names'] });
  const all = await crowd(t, service, recorder.ready, 30);
  await all.write(1);
  for (const round of [2, 3]) {
    await backAgain(all.clients, async () => assert.equal((await service.control('offload')).status, 204));
    await all.write(round);
  }
  const lines = await recorder.stop();
  judgeCrowd(lines, all, { connects: 3, updates: 3 });
  assert.deepEqual(denialsIn(lines), []);
});

for (const side of ['app', 'service']) {
  test(`connections that break on the side of the ${side} are written down whole`, async (t) => {
    const folder = folderOf(t);
    const service = await Service.alone(t, '--limits', 'off');
    let recorder;
    let relay;
    if (side === 'service') {
      relay = await Relay.start(t, service);
      recorder = await Recorder.start(t, service, folder, { flags: ['--keep-names'], target: { sdk_url: relay.uri } });
    } else {
      recorder = await Recorder.start(t, service, folder, { flags: ['--keep-names'] });
      relay = await Relay.start(t, { ready: recorder.ready });
    }
    const all = await crowd(t, service, side === 'app' ? { sdk: relay.uri } : recorder.ready, 10);
    await all.write(1);
    await backAgain(all.clients, () => relay.drop());
    await all.write(2);
    const lines = await recorder.stop();
    judgeCrowd(lines, all, { connects: 2, updates: 2 });
  });
}

test('a recorder that is killed leaves a trace that a dry run reads', async (t) => {
  const folder = folderOf(t);
  const service = await Service.start(t, '--limits', 'off');
  const recorder = await Recorder.start(t, service, folder, { flags: ['--keep-names'] });
  await restThrough(service, recorder.ready).syncMaps.create({ uniqueName: 'm' });
  const ann = await sdkThrough(t, service, recorder.ready, 'ann');
  const map = await ann.map({ id: 'm', mode: 'open_existing' });
  for (const n of range(20)) {
    await map.set(`k${n}`, { n });
  }
  await recorder.kill();
  const lines = recorder.lines();
  assert.equal(lines[0].to, null);
  assert.equal(lines.filter(({ op, identity }) => op?.startsWith('item_') && identity === 'ann').length, 20);
  const dry = syncproof('dryrun', recorder.trace, '--out', join(folder, 'out'));
  assert.equal(dry.status, 1, dry.stderr);
  assert.match(dry.stdout, /^fail +dryrun\/denied\/m\/ann\/write\[map\]$/m);
});

test("webhooks that the service signed are a trace, judged by the vendor's own signature", async (t) => {
  const folder = folderOf(t);
  const service = await Service.start(t, '--limits', 'off');
  const log = [];
  const receiver = createServer((asked, answer) => {
    let body = '';
    asked.on('data', (bytes) => { body += bytes; });
    asked.on('end', () => {
      log.push({ received: new Date().toISOString(), url: `http://${asked.headers.host}${asked.url}`, signature: asked.headers['x-twilio-signature'], body });
      answer.end();
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.after(() => receiver.close());
  await service.instance().update({ webhookUrl: `http://127.0.0.1:${receiver.address().port}/hook?app=1`, webhooksFromRestEnabled: true });
  await service.instance().syncMaps.create({ uniqueName: 'm' });
  const ann = await service.sdk('ann');
  const map = await ann.map({ id: 'm', mode: 'open_existing' });
  await map.set('k', { text: 'a b&c=d+é' });
  await map.remove('k');
  for (let i = 0; i < 200 && log.length < 3; i += 1) await new Promise((resolve) => setTimeout(resolve, 25));
  assert.ok(log.length >= 3, JSON.stringify(log));
  for (const { url, signature, body } of log) {
    assert.ok(twilio.validateRequest(service.ready.auth_token, signature, url, Object.fromEntries(new URLSearchParams(body))), body);
  }
  const forged = { ...log.at(-1), body: log.at(-1).body.replace('ann', 'eve') };
  assert.notEqual(forged.body, log.at(-1).body);
  const file = join(folder, 'hooks.jsonl');
  writeFileSync(file, [...log, forged].map((line) => `${JSON.stringify(line)}\n`).join(''));
  process.env.REC_KEY = service.ready.api_key;
  process.env.REC_SECRET = service.ready.api_secret;
  process.env.REC_TOKEN = service.ready.auth_token;
  const trace = join(folder, 'trace.jsonl');
  const taken = syncproof('record', '--webhooks', file, '--target', targetFile(service, folder), '--trace', trace, '--keep-names');
  assert.equal(taken.status, 0, taken.stderr);
  assert.match(taken.stderr, /left out: 1 with a wrong signature/);
  const dry = syncproof('dryrun', trace, '--out', join(folder, 'out'));
  assert.match(dry.stdout, /LOWER BOUND/);
  assert.deepEqual([...dry.stdout.matchAll(/^fail +(\S+)$/gm)].map(([, id]) => id), ['dryrun/denied/m/ann/write[map]']);
});

// What the trace says of each operation: source, op, type, name, key, status,
// TTL of the object or the item, whose row.
const OPERATIONS = `
sdk connect 200
sdk token 200 init
sdk open document d 404
sdk create document d 201 ttl=3600
sdk update document d 200
sdk update document d 200
sdk update document d 200
sdk ttl document d 200 ttl=7200
sdk update document d 200 ttl=60
sdk remove document d 204
sdk open list l 404
sdk create list l 201
sdk item_add list l 0 201 item_ttl=60
sdk item_add list l 1 201
sdk item_update list l 0 200
sdk item_update list l 0 200
sdk item_update list l 0 200
sdk query list l 200
sdk ttl list l 0 200 item_ttl=90
sdk ttl list l 200 ttl=600
sdk item_remove list l 0 200
sdk remove list l 204
sdk open map m 404
sdk create map m 201
sdk item_add map m k 201 item_ttl=60
sdk item_update map m k 200
sdk item_update map m k 200
sdk item_update map m k 200
sdk item_read map m none 200
sdk query map m 200
sdk ttl map m k 200 item_ttl=90
sdk ttl map m 200 ttl=600
sdk item_remove map m k 200
sdk remove map m 204
sdk open stream s 404
sdk create stream s 201
sdk publish stream s 201
sdk ttl stream s 200 ttl=60
sdk remove stream s 204
sdk create document 201
sdk update document 200
sdk create document x 201
sdk create document x 409
sdk open document none 404
sdk token 200 update
rest create document rd 201 ttl=60
rest open document rd 200
rest update document rd 200 ttl=90
rest ttl document rd 200 ttl=90
rest grant document rd 200 bob
rest revoke document rd 204 bob
rest remove document rd 204
rest open document rd 404
rest create list rl 201 ttl=60
rest item_add list rl 0 201 item_ttl=60
rest item_read list rl 0 200
rest item_update list rl 0 200
rest ttl list rl 0 200 item_ttl=70
rest query list rl 200
rest item_remove list rl 0 204
rest ttl list rl 200 ttl=99
rest remove list rl 204
rest create map rm 201
rest item_add map rm a b 201 item_ttl=60
rest item_update map rm a b 200
rest item_remove map rm a b 204
rest create stream rs 201
rest publish stream rs 201
rest remove stream rs 204`.trim().split('\n');

const told = (line) => [line.src, line.op, line.type, line.name, line.key, line.http,
  line.ttl_s !== null && line.ttl_s !== undefined ? `ttl=${line.ttl_s}` : undefined,
  line.item_ttl_s !== null && line.item_ttl_s !== undefined ? `item_ttl=${line.item_ttl_s}` : undefined,
  line.grantee, line.how].filter((part) => part !== null && part !== undefined).join(' ');

test('each operation of SDK and REST library is written down under its name', async (t) => {
  const folder = folderOf(t);
  const service = await Service.start(t, '--limits', 'off');
  const recorder = await Recorder.start(t, service, folder, { flags: ['--keep-names'] });
  const ann = await sdkThrough(t, service, recorder.ready, 'ann');
  await useObjects(ann);
  await ann.updateToken(service.token('ann', { ttl: 4000 }));
  await useBackend(restThrough(service, recorder.ready));
  const lines = (await recorder.stop()).filter(({ op }) => op !== undefined);
  // The SDK gathers these two and sends them when its timers say so.
  assert.deepEqual(lines.filter(({ op }) => op !== 'subscribe' && op !== 'cancel').map(told), OPERATIONS);
  assert.ok(lines.every(({ src, identity }) => identity === (src === 'sdk' ? 'ann' : 'system')));
  const established = ofOp(lines, 'subscribe').filter(({ http }) => http === 200).map(({ type, name }) => `${type} ${name}`);
  for (const object of ['document d', 'list l', 'map m', 'stream s']) {
    assert.ok(established.includes(object), object);
  }
  const grant = ofOp(lines, 'grant')[0];
  assert.deepEqual([grant.read, grant.write, grant.manage], [true, false, false]);
});

async function useObjects(ann) {
  const doc = await ann.document({ id: 'd', data: { n: 1 }, ttl: 3600 });
  await subscribed(doc);
  await doc.set({ n: 2 });
  await doc.update({ m: 1 });
  await doc.mutate((value) => ({ ...value, k: 1 }));
  await doc.setTtl(7200);
  await doc.set({ n: 3 }, { ttl: 60 });
  await doc.removeDocument();

  const list = await ann.list({ id: 'l' });
  await subscribed(list);
  await list.push({ n: 1 }, { ttl: 60 });
  await list.push({ n: 2 });
  await list.set(0, { n: 3 });
  await list.update(0, { m: 1 });
  await list.mutate(0, (value) => value);
  await list.getItems();
  await list.setItemTtl(0, 90);
  await list.setTtl(600);
  await list.remove(0);
  await list.removeList();

  const map = await ann.map({ id: 'm' });
  await subscribed(map);
  await map.set('k', { n: 1 }, { ttl: 60 });
  await map.set('k', { n: 2 });
  await map.update('k', { m: 1 });
  await map.mutate('k', (value) => value);
  await assert.rejects(map.get('none'));
  await map.getItems({ from: 'k' });
  await map.setItemTtl('k', 90);
  await map.setTtl(600);
  await map.remove('k');
  await map.removeMap();

  const stream = await ann.stream({ id: 's' });
  await subscribed(stream);
  await stream.publishMessage({ n: 1 });
  await stream.setTtl(60);
  await stream.removeStream();

  const nameless = await ann.document();
  await nameless.set({ n: 1 });
  await ann.document({ id: 'x', mode: 'create_new' });
  await assert.rejects(ann.document({ id: 'x', mode: 'create_new' }));
  await assert.rejects(ann.document({ id: 'none', mode: 'open_existing' }));
}

async function useBackend(rest) {
  const document = rest.documents('rd');
  await rest.documents.create({ uniqueName: 'rd', data: {}, ttl: 60 });
  await document.fetch();
  await document.update({ data: { n: 1 }, ttl: 90 });
  await document.update({ ttl: 90 });
  await rest.documents.list();
  await document.documentPermissions('bob').update({ read: true, write: false, manage: false });
  await document.documentPermissions.list();
  await document.documentPermissions('bob').remove();
  await document.remove();
  await assert.rejects(document.fetch());

  const list = rest.syncLists('rl');
  await rest.syncLists.create({ uniqueName: 'rl', ttl: 60 });
  await list.syncListItems.create({ data: {}, itemTtl: 60 });
  await list.syncListItems(0).fetch();
  await list.syncListItems(0).update({ data: { n: 1 } });
  await list.syncListItems(0).update({ itemTtl: 70 });
  await list.syncListItems.list();
  await list.syncListItems(0).remove();
  await list.update({ collectionTtl: 99 });
  await list.remove();

  const items = rest.syncMaps('rm').syncMapItems;
  await rest.syncMaps.create({ uniqueName: 'rm' });
  await items.create({ key: 'a b', data: {}, ttl: 60 });
  await rest.syncMaps('rm').syncMapItems('a b').update({ data: {} });
  await rest.syncMaps('rm').syncMapItems('a b').remove();

  await rest.syncStreams.create({ uniqueName: 'rs' });
  await rest.syncStreams('rs').streamMessages.create({ data: {} });
  await rest.syncStreams('rs').remove();
}
