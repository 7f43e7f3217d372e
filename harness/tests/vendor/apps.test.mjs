// The flip, rehearsed and then done: each sample app is recorded with ACLs off,
// the dry run says what breaks and which grants mend it, the emitted script is
// sent to the very same service with its old objects, ACLs go on, and the app
// runs again without a surprise. Then each single right is taken away, and the
// denial that was foretold comes, and no other.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { Recorder, denialsIn, driveApp, folderOf, sdkThrough, sorted, syncproof } from './recorder.mjs';
import { SyncClient as OldClient } from 'twilio-sync-1';
import { Service } from './service.mjs';

const APPS = new URL('../../../fixtures/apps/', import.meta.url);
const names = ['queue-dashboard', 'recent-calls', 'stored-responses', 'gatekeeper', 'presence', 'shared-write'];
const apps = await Promise.all(names.map(async (name) => ({
  name,
  folder: new URL(`${name}/`, APPS),
  ...await import(new URL(`${name}/app.mjs`, APPS).href),
})));
const named = (wanted) => apps.find(({ name }) => name === wanted);

const permission = (service, grant) => {
  const kinds = { document: ['documents', 'documentPermissions'], list: ['syncLists', 'syncListPermissions'], map: ['syncMaps', 'syncMapPermissions'] };
  const [kind, rows] = kinds[grant.type];
  return service.instance()[kind](grant.object)[rows](grant.identity);
};

// "[type, object, identity, right]" of each denial that a text foretells.
const foretold = (text) => sorted([...text.matchAll(/^fail +dryrun\/denied\/(\S+)\/([^/\s]+)\/(\w+)\[(\w+)\]$/gm)]
  .map(([, object, identity, right, type]) => [type, object, identity, right]));

async function record(t, app, ...flags) {
  const folder = folderOf(t);
  const service = await Service.start(t, '--limits', 'off', '--acl', 'off');
  const recorder = await Recorder.start(t, service, folder, { flags });
  assert.deepEqual(await driveApp(app, service, recorder.ready), [], 'ACLs are off');
  return { folder, service, recorder, lines: await recorder.stop() };
}

async function rehearse(t, app) {
  const recording = await record(t, app);
  const { folder, recorder } = recording;
  const dry = syncproof('dryrun', recorder.trace, '--map', `${recorder.trace}.map`, '--out', join(folder, 'out'),
    '--grants', join(folder, 'grants.json'), '--curl', join(folder, 'grants.sh'), '--emit-plan', join(folder, 'plan.json'));
  assert.equal(dry.status, 1, dry.stdout + dry.stderr);
  return { ...recording, dry, ...JSON.parse(readFileSync(join(folder, 'grants.json'))) };
}

for (const app of apps) {
  test(`${app.name}: what the dry run says is what the flip does`, async (t) => {
    const { folder, service, recorder, dry, grants } = await rehearse(t, app);
    const told = foretold(dry.stdout);
    assert.deepEqual(told, foretold(readFileSync(new URL('expected.txt', app.folder), 'utf8')), dry.stdout);
    const unmended = told.filter((denial) => denial.startsWith('stream '));
    const rights = sorted(grants.flatMap(({ type, object, identity, rights: all }) => all.map((right) => [type, object, identity, right])));
    assert.deepEqual(rights, told.filter((denial) => !denial.startsWith('stream ')), 'a grant for each denial, and no more');

    // The drafted plan covers all that can be covered.
    const planned = syncproof('dryrun', recorder.trace, '--map', `${recorder.trace}.map`,
      '--out', join(folder, 'out'), '--plan', join(folder, 'plan.json'));
    assert.equal(planned.status, unmended.length > 0 ? 1 : 0, planned.stdout + planned.stderr);
    assert.deepEqual(foretold(planned.stdout), unmended);

    const sent = applyGrants(service, join(folder, 'grants.sh'), folder);
    assert.equal(sent.status, 0, sent.stdout + sent.stderr);
    await service.instance().update({ aclEnabled: true });

    // From here on a recorder writes down every denial, by object and right.
    const after = await Recorder.start(t, service, folder, { flags: ['--keep-names'] });
    let seen = 0;
    const denied = async () => {
      await driveApp(app, service, after.ready);
      const lines = after.lines();
      const inventory = lines.filter((line) => line.op === undefined);
      const fresh = lines.slice(seen);
      seen = lines.length;
      assert.ok(fresh.some(({ op, http }) => op === 'open' || (op === 'create' && http < 300)), 'the app was at work');
      return denialsIn([...inventory, ...fresh]);
    };
    assert.deepEqual(await denied(), unmended, 'no surprise after the flip');
    for (const grant of grants) {
      const whole = { read: false, write: false, manage: false, ...Object.fromEntries(grant.rights.map((right) => [right, true])) };
      for (const right of grant.rights) {
        await permission(service, grant).update({ ...whole, [right]: false });
        const lost = [grant.type, grant.object, grant.identity, right].join(' ');
        assert.deepEqual(await denied(), [...unmended, lost].sort(), `without ${lost}`);
        await permission(service, grant).update(whole);
      }
    }
    assert.deepEqual(await denied(), unmended, 'whole again');
    await after.stop();
  });

  test(`${app.name}: the trace in fixtures is what the vendor's SDK does`, async (t) => {
    const { lines } = await record(t, app, '--keep-names', '--shadow-deny');
    const path = new URL('trace.jsonl', app.folder);

    const fresh = evened(lines);
    if (process.env.UPDATE_TRACES === '1') {
      writeFileSync(path, fresh.map((line) => `${JSON.stringify(line)}\n`).join(''));
    }
    const kept = readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(timeless(fresh), timeless(kept));

    // What ACLs would have refused is what the dry run foretells.
    const shadowed = denialsIn(lines, ({ shadow }) => shadow === 'denied');
    assert.deepEqual(shadowed, foretold(readFileSync(new URL('expected.txt', app.folder), 'utf8')));
  });
}

test('an older line of the SDK is recorded alike', async (t) => {
  for (const app of apps) {
    const folder = folderOf(t);
    const service = await Service.start(t, '--limits', 'off', '--acl', 'off');
    const recorder = await Recorder.start(t, service, folder, { flags: ['--keep-names'] });
    assert.deepEqual(await driveApp(app, service, recorder.ready, OldClient), []);
    await recorder.stop();
    const dry = syncproof('dryrun', recorder.trace, '--out', join(folder, 'out'));
    assert.deepEqual(foretold(dry.stdout), foretold(readFileSync(new URL('expected.txt', app.folder), 'utf8')), app.name);
  }
});

// Sids, times and dates made the same in each recording of an app.
function evened(lines) {
  const sids = [...new Map(lines.filter(({ sid, name }) => sid && name).map(({ sid, name }) => [name + sid.slice(0, 2), sid])).entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const even = new Map(sids.map(([, sid], n) => [sid, sid.slice(0, 2) + String(n + 1).padStart(32, '0')]));
  return lines.map((line, n) => {
    const { shadow, why, ...rest } = line;
    return {
      ...rest,
      ...(line.trace && { from: '2026-11-21T08:00:00.000Z', to: '2026-11-21T08:01:00.000Z' }),
      ...(line.t !== undefined && { t: n * 10 }),
      ...(line.sid && { sid: even.get(line.sid) }),
      ...(line.left_s && { left_s: line.lifetime_s }),
    };
  });
}

// Answers to two clients, and to a subscription and a request, may overtake.
const timeless = (lines) => lines.map(({ t, ...line }) => JSON.stringify(line)).sort();

test('recent-calls hides what has expired and is still there', async (t) => {
  const { recent } = named('recent-calls');
  const service = await Service.start(t, '--limits', 'off');
  await service.instance().syncMaps.create({ uniqueName: 'calls' });
  for (const [key, itemTtl] of [['short', 60], ['long', 2592000]]) {
    await service.instance().syncMaps('calls').syncMapItems.create({ key, data: {}, itemTtl });
  }
  const ann = await sdkThrough(t, service, service.ready, 'ann');
  const calls = await ann.map({ id: 'calls', mode: 'open_existing' });
  const keysAt = async (ahead) => (await recent(calls, new Date(Date.now() + ahead * 1000))).map(({ key }) => key);
  assert.deepEqual(await keysAt(0), ['long', 'short']);
  assert.deepEqual(await keysAt(100), ['long']);
  assert.deepEqual(await keysAt(2600000), []);
});

const scriptIn = (service, folder, more = {}) => ({ ...process.env,
  SYNC_REST_URL: service.ready.rest, SYNC_SERVICE_SID: service.ready.service_sid,
  SYNC_API_KEY: service.ready.api_key, SYNC_API_SECRET: service.ready.api_secret,
  PACE_S: '0', STATE: join(folder, 'done'), ...more });
const applyGrants = (service, script, folder, more) =>
  spawnSync('sh', [script], { encoding: 'utf8', env: scriptIn(service, folder, more) });

async function holdsAll(service, grants) {
  for (const grant of grants) {
    const row = await permission(service, grant).fetch();
    assert.ok(grant.rights.every((right) => row[right]), JSON.stringify(grant));
  }
}

test('the script stopped half-way ends the same when started again', async (t) => {
  const { folder, service, grants } = await rehearse(t, named('recent-calls'));
  const script = join(folder, 'grants.sh');
  const state = join(folder, 'done');
  const child = spawn('sh', [script], { stdio: 'ignore', detached: true, env: scriptIn(service, folder, { PACE_S: '5' }) });
  const lines = () => { try { return readFileSync(state, 'utf8').split('\n').length - 1; } catch { return 0; } };
  for (let i = 0; i < 200 && lines() === 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  process.kill(-child.pid, 'SIGKILL');
  assert.equal(lines(), 1, 'killed after its first grant');
  assert.ok(grants.length >= 4);
  const again = applyGrants(service, script, folder);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, new RegExp(`^${grants.length - 1} sent, 1 there already`, 'm'));
  const third = applyGrants(service, script, folder, { STATE: join(folder, 'fresh') });
  assert.match(third.stdout, new RegExp(`^0 sent, ${grants.length} there already`, 'm'));
  await holdsAll(service, grants);
});

test('the script killed at any moment, again and again, comes to its end', async (t) => {
  const { folder, service, grants } = await rehearse(t, named('queue-dashboard'));
  // A right that is there already stays through every run.
  await permission(service, grants[0]).update({ read: false, write: false, manage: true });
  let kills = 0;
  for (let wait = 10; ; wait += 15) {
    const child = spawn('sh', [join(folder, 'grants.sh')], { stdio: 'ignore', detached: true, env: scriptIn(service, folder) });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const timer = setTimeout(() => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it was faster */ } }, wait);
    const code = await ended;
    clearTimeout(timer);
    if (code === 0) break;
    kills += 1;
    assert.ok(kills < 1000, 'it comes to no end');
  }
  assert.ok(kills >= 2, `${kills} kills`);
  await holdsAll(service, [{ ...grants[0], rights: [...grants[0].rights, 'manage'] }, ...grants.slice(1)]);
  const last = applyGrants(service, join(folder, 'grants.sh'), folder);
  assert.match(last.stdout, new RegExp(`^0 sent, ${grants.length} there already`, 'm'));
});

test('the script waits when the service is busy, and goes on', async (t) => {
  const { folder, service, grants } = await rehearse(t, named('shared-write'));
  const seen = [];
  const busy = createServer((asked, answer) => {
    seen.push(asked.method);
    if (seen.length % 3 === 1) {
      answer.writeHead(429).end('{"code":20429,"status":429}');
      return;
    }
    asked.pipe(forward(service.ready.rest + asked.url, { method: asked.method, headers: asked.headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    }));
  });
  busy.listen(0, '127.0.0.1');
  await once(busy, 'listening');
  t.after(() => busy.close());
  const child = spawn('sh', [join(folder, 'grants.sh')], { stdio: 'inherit',
    env: scriptIn(service, folder, { SYNC_REST_URL: `http://127.0.0.1:${busy.address().port}` }) });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.deepEqual(seen, ['GET', 'GET', 'POST']);
  await holdsAll(service, grants);
});

for (const name of ['gatekeeper', 'stored-responses', 'shared-write']) {
  test(`${name}: if creators lose what they made, PESSIMISTIC=1 gives it back`, async (t) => {
    const { folder, service, lines } = await rehearse(t, named(name));
    const script = join(folder, 'grants.sh');
    assert.equal(applyGrants(service, script, folder).status, 0);
    await service.instance().update({ aclEnabled: true });
    assert.deepEqual(await driveApp(named(name), service, service.ready), []);
    assert.ok(lines.some(({ op, src }) => op === 'create' && src === 'sdk'));
    let lost = 0;
    for (const [type, kind] of [['document', 'documents'], ['list', 'syncLists']]) {
      for (const object of await service.instance()[kind].list()) {
        if (object.createdBy !== 'system') {
          await permission(service, { type, object: object.sid, identity: object.createdBy }).update({ read: false, write: false, manage: false });
          lost += 1;
        }
      }
    }
    assert.ok(lost > 0);
    assert.notDeepEqual(await driveApp(named(name), service, service.ready), []);
    const sent = applyGrants(service, script, folder, { PESSIMISTIC: '1' });
    assert.equal(sent.status, 0, sent.stderr);
    assert.match(sent.stdout, new RegExp(`^${lost} sent, `, 'm'));
    assert.deepEqual(await driveApp(named(name), service, service.ready), []);
  });
}

test('the script keeps its pace, and tells what was refused', async (t) => {
  const { folder, service, grants } = await rehearse(t, named('recent-calls'));
  const script = join(folder, 'grants.sh');
  const begun = Date.now();
  const paced = applyGrants(service, script, folder, { PACE_S: '0.3' });
  assert.equal(paced.status, 0, paced.stderr);
  assert.ok(Date.now() - begun >= grants.length * 300, 'a pause after each grant');
  const refused = applyGrants(service, script, folder, { SYNC_API_SECRET: 'wrong', STATE: join(folder, 'other') });
  assert.equal(refused.status, 1);
  assert.equal((refused.stderr.match(/: 401 when read/g) ?? []).length, grants.length);
  assert.match(refused.stdout, /^0 sent, 0 there already/m);
});

test('a trace holds no token, no name and no identity unless it is told to', async (t) => {
  const { recorder, lines } = await record(t, named('queue-dashboard'), '--shadow-deny');
  const text = readFileSync(recorder.trace, 'utf8');
  for (const secret of ['5f0e8c1a', '7a9b6d24', 'c0ffee12', '"queue"', 'call-0', 'eyJ']) {
    assert.ok(!text.includes(secret), secret);
  }
  assert.equal(statSync(`${recorder.trace}.map`).mode & 0o777, 0o600);
  assert.equal(lines[0].acl_enabled, false);
  assert.notEqual(lines[0].to, null);
  assert.ok(lines.some((event) => event.op === 'token' && event.lifetime_s === 3600 && event.how === 'init'));
  assert.ok(lines.some((event) => event.op === 'open' && event.shadow === 'denied'));
  assert.ok(lines.some((event) => event.op === 'subscribe' && event.http === 200));
});
