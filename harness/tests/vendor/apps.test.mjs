// The flip, rehearsed and then done: each sample app is recorded with ACLs off,
// the dry run says what breaks and which grants mend it, the emitted script is
// sent to the very same service with its old objects, ACLs go on, and the app
// runs again without a surprise. Then each single right is taken away, and the
// denial that was foretold comes.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Service, connected, within } from './service.mjs';
import { SyncClient } from 'twilio-sync';
import twilio from 'twilio';
import * as gatekeeper from '../../../fixtures/apps-gate/gatekeeper.mjs';
import * as presence from '../../../fixtures/apps-gate/presence.mjs';
import * as queueDashboard from '../../../fixtures/apps-gate/queue-dashboard.mjs';
import * as recentCalls from '../../../fixtures/apps-gate/recent-calls.mjs';
import * as sharedWrite from '../../../fixtures/apps-gate/shared-write.mjs';
import * as storedResponses from '../../../fixtures/apps-gate/stored-responses.mjs';

const apps = [queueDashboard, recentCalls, storedResponses, gatekeeper, presence, sharedWrite];
const WAIT_MS = 20000;

// `syncproof record` in front of the service.
class Recorder {
  static async start(service, folder, ...flags) {
    const target = join(folder, 'target.json');
    writeFileSync(target, JSON.stringify({
      name: 'local', rest_url: service.ready.rest, sdk_url: service.ready.sdk,
      account_sid: service.ready.account_sid, api_key: 'env:REC_KEY', api_secret: 'env:REC_SECRET',
      auth_token: 'env:REC_TOKEN', service_sid: service.ready.service_sid,
      budget: { rest_per_s: 1000 },
    }));
    const recorder = new Recorder();
    recorder.trace = join(folder, 'trace.jsonl');
    recorder.child = spawn(process.env.SYNCPROOF,
      ['record', '--listen', '127.0.0.1:0', '--target', target, '--trace', recorder.trace, ...flags],
      { stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, REC_KEY: service.ready.api_key, REC_SECRET: service.ready.api_secret,
          REC_TOKEN: service.ready.auth_token } });
    recorder.log = [];
    createInterface(recorder.child.stderr).on('line', (line) => recorder.log.push(line));
    recorder.ended = new Promise((resolve) => recorder.child.once('exit', (code) => resolve(code)));
    const line = new Promise((resolve) => createInterface(recorder.child.stdout).once('line', resolve));
    const gone = recorder.ended.then((code) => { throw new Error(`record ended ${code}: ${recorder.log.join('\n')}`); });
    recorder.ready = JSON.parse(await within(Promise.race([line, gone]), WAIT_MS, 'ready line of record'));
    return recorder;
  }

  async stop() {
    this.child.kill('SIGTERM');
    assert.equal(await within(this.ended, WAIT_MS, 'end of record'), 0, this.log.join('\n'));
  }
}

// npm `twilio` aimed at an address.
class AimedClient extends twilio.RequestClient {
  constructor(base) {
    super();
    this.base = base;
  }

  request(options) {
    const asked = new URL(options.uri);
    return super.request({ ...options, uri: new URL(asked.pathname + asked.search, this.base).href });
  }
}

const ignore = (...statuses) => (error) => {
  if (!statuses.includes(error.status)) throw error;
};

// Drive an app through `where` ({rest, sdk}); what was denied, by whom.
async function driveApp(app, service, where) {
  const denied = [];
  const clients = [];
  const instance = twilio(service.ready.account_sid, service.ready.auth_token,
    { httpClient: new AimedClient(where.rest), autoRetry: false }).sync.v1.services(service.ready.service_sid);
  const backend = {
    ensure: (kind, uniqueName) => instance[kind].create({ uniqueName }).catch(ignore(409)),
    item: (map, key, data, itemTtl) => instance.syncMaps(map).syncMapItems.create({ key, data, itemTtl }).catch(ignore(409)),
    document: (id, data) => instance.documents(id).update({ data }),
  };
  const sdk = async (identity) => {
    const client = new SyncClient(service.token(identity), { Twilsock: { uri: where.sdk } });
    clients.push(client);
    await connected(client);
    return client;
  };
  const attempt = async (who, step) => {
    try {
      await step();
    } catch (error) {
      assert.equal(error.code, 54007, `${who}: ${error.message}`);
      denied.push(who);
    }
  };
  try {
    await app.drive({ backend, sdk, attempt });
    await new Promise((resolve) => setTimeout(resolve, 400)); // subscriptions are gathered for 100 ms
  } finally {
    for (const client of clients) await client.shutdown().catch(() => {});
  }
  return denied;
}

const syncproof = (...args) => spawnSync(process.env.SYNCPROOF, args, { encoding: 'utf8' });

function applyGrants(service, script, folder, more = {}) {
  return spawnSync('bash', [script], { encoding: 'utf8', env: { ...process.env,
    SYNC_REST_URL: service.ready.rest, SYNC_SERVICE_SID: service.ready.service_sid,
    SYNC_API_KEY: service.ready.api_key, SYNC_API_SECRET: service.ready.api_secret,
    PACE_S: '0', STATE: join(folder, 'done'), ...more } });
}

const permission = (service, grant) => {
  const kinds = { document: ['documents', 'documentPermissions'], list: ['syncLists', 'syncListPermissions'], map: ['syncMaps', 'syncMapPermissions'] };
  const [kind, rows] = kinds[grant.type];
  return service.instance()[kind](grant.object)[rows](grant.identity);
};

async function record(t, app, ...flags) {
  const folder = mkdtempSync(join(tmpdir(), 'syncproof-apps-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const service = await Service.start(t, '--limits', 'off', '--acl', 'off');
  const recorder = await Recorder.start(service, folder, ...flags);
  assert.deepEqual(await driveApp(app, service, recorder.ready), [], 'ACLs are off');
  await recorder.stop();
  const dry = syncproof('dryrun', recorder.trace, '--map', `${recorder.trace}.map`, '--out', join(folder, 'out'),
    '--grants', join(folder, 'grants.json'), '--curl', join(folder, 'grants.sh'), '--emit-plan', join(folder, 'plan.json'));
  assert.equal(dry.status, 1, dry.stdout + dry.stderr);
  return { folder, service, recorder, dry, ...JSON.parse(readFileSync(join(folder, 'grants.json'))) };
}

for (const app of apps) {
  test(`${app.name}: what the dry run says is what the flip does`, async (t) => {
    const { folder, service, recorder, dry, grants } = await record(t, app);
    const told = [...dry.stdout.matchAll(/^fail +dryrun\/denied\/(.+)\/([^/]+)\/(\w+)\[(\w+)\]$/gm)]
      .map(([, object, identity, right, type]) => [type, object, identity, right]);
    assert.deepEqual(told.map(String).sort(), app.denials.map(String).sort(), dry.stdout);

    // The drafted plan covers all that can be covered.
    const planned = syncproof('dryrun', recorder.trace, '--map', `${recorder.trace}.map`,
      '--out', join(folder, 'out'), '--plan', join(folder, 'plan.json'));
    assert.equal(planned.stdout.includes('dryrun/plan/'), app.unmended.length > 0, planned.stdout + planned.stderr);

    const sent = applyGrants(service, join(folder, 'grants.sh'), folder);
    assert.equal(sent.status, 0, sent.stdout + sent.stderr);
    await service.instance().update({ aclEnabled: true });
    assert.deepEqual(await driveApp(app, service, service.ready), app.unmended, 'no surprise after the flip');

    for (const grant of grants) {
      const whole = { read: false, write: false, manage: false, ...Object.fromEntries(grant.rights.map((right) => [right, true])) };
      for (const right of grant.rights) {
        await permission(service, grant).update({ ...whole, [right]: false });
        const denied = await driveApp(app, service, service.ready);
        assert.ok(denied.includes(grant.identity), `${grant.identity} without ${right} on ${grant.object}`);
        await permission(service, grant).update(whole);
      }
    }
    assert.deepEqual(await driveApp(app, service, service.ready), app.unmended, 'whole again');
  });
}

test('the script stopped half-way ends the same when started again', async (t) => {
  const { folder, service, grants } = await record(t, recentCalls);
  const script = join(folder, 'grants.sh');
  const state = join(folder, 'done');
  const child = spawn('bash', [script], { stdio: 'ignore', detached: true, env: { ...process.env,
    SYNC_REST_URL: service.ready.rest, SYNC_SERVICE_SID: service.ready.service_sid,
    SYNC_API_KEY: service.ready.api_key, SYNC_API_SECRET: service.ready.api_secret,
    PACE_S: '5', STATE: state } });
  const lines = () => { try { return readFileSync(state, 'utf8').split('\n').length - 1; } catch { return 0; } };
  for (let i = 0; i < 200 && lines() === 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  process.kill(-child.pid, 'SIGKILL');
  assert.equal(lines(), 1, 'killed after its first grant');
  const again = applyGrants(service, script, folder);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, new RegExp(`^${grants.length - 1} sent, 1 there already`, 'm'));
  const third = applyGrants(service, script, folder, { STATE: join(folder, 'fresh') });
  assert.match(third.stdout, new RegExp(`^0 sent, ${grants.length} there already`, 'm'));
  for (const grant of grants) {
    const row = await permission(service, grant).fetch();
    assert.deepEqual(grant.rights.every((right) => row[right]), true);
  }
});

test('a trace holds no token, no name and no identity unless it is told to', async (t) => {
  const { recorder } = await record(t, queueDashboard, '--shadow-deny');
  const text = readFileSync(recorder.trace, 'utf8');
  for (const secret of ['a-7f3a', 'l-44c0', '"queue"', 'call-1', 'eyJ']) {
    assert.ok(!text.includes(secret), secret);
  }
  assert.equal(statSync(`${recorder.trace}.map`).mode & 0o777, 0o600);
  const events = text.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(events[0].acl_enabled, false);
  assert.notEqual(events[0].to, null);
  assert.ok(events.some((event) => event.op === 'token' && event.lifetime_s === 3600 && event.how === 'init'));
  assert.ok(events.some((event) => event.op === 'open' && event.shadow === 'denied'));
  assert.ok(events.some((event) => event.op === 'subscribe' && event.http === 200));
});
