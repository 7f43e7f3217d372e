// `syncproof record` in front of a service, what its trace says, and an app
// driven through either with the vendor's clients.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SyncClient } from 'twilio-sync';
import twilio from 'twilio';
import { connected, subscribed, within } from './service.mjs';

const WAIT_MS = 20000;

export const syncproof = (...args) => spawnSync(process.env.SYNCPROOF, args, { encoding: 'utf8' });

export function folderOf(t) {
  const folder = mkdtempSync(join(tmpdir(), 'syncproof-vendor-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// Names of the environment stand in the target file, secrets in the environment.
export function targetFile(service, folder, more = {}) {
  const path = join(folder, 'target.json');
  writeFileSync(path, JSON.stringify({
    name: 'local', rest_url: service.ready.rest, sdk_url: service.ready.sdk,
    account_sid: service.ready.account_sid, api_key: 'env:REC_KEY', api_secret: 'env:REC_SECRET',
    auth_token: 'env:REC_TOKEN', service_sid: service.ready.service_sid,
    budget: { rest_per_s: 1000 }, ...more,
  }));
  return path;
}

const secretsOf = (service) => ({ ...process.env, REC_KEY: service.ready.api_key,
  REC_SECRET: service.ready.api_secret, REC_TOKEN: service.ready.auth_token });

export class Recorder {
  static #count = 0;

  // Ready to be used, or an error that holds the exit code.
  static async start(t, service, folder, { flags = [], target = {} } = {}) {
    const recorder = new Recorder();
    recorder.trace = join(folder, `trace-${Recorder.#count += 1}.jsonl`);
    recorder.child = spawn(process.env.SYNCPROOF,
      ['record', '--listen', '127.0.0.1:0', '--target', targetFile(service, folder, target), '--trace', recorder.trace, ...flags],
      { stdio: ['ignore', 'pipe', 'pipe'], env: secretsOf(service) });
    t.after(() => recorder.child.kill('SIGKILL'));
    recorder.log = [];
    createInterface(recorder.child.stderr).on('line', (line) => recorder.log.push(line));
    recorder.ended = new Promise((resolve) => recorder.child.once('exit', (code) => resolve(code)));
    const line = new Promise((resolve) => createInterface(recorder.child.stdout).once('line', resolve));
    const gone = recorder.ended.then((code) => {
      throw Object.assign(new Error(`record ended ${code}: ${recorder.log.join('\n')}`), { code });
    });
    recorder.ready = JSON.parse(await within(Promise.race([line, gone]), WAIT_MS, 'ready line of record'));
    gone.catch(() => {});
    return recorder;
  }

  async stop() {
    this.child.kill('SIGTERM');
    assert.equal(await within(this.ended, WAIT_MS, 'end of record'), 0, this.log.join('\n'));
    return this.lines();
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  lines() {
    return readFileSync(this.trace, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  }
}

// Which right an operation needs; what is not here needs none.
const RIGHTS = { open: 'read', query: 'read', subscribe: 'read', item_read: 'read', create: 'read',
  update: 'write', item_add: 'write', item_update: 'write', item_remove: 'write', ttl: 'write', publish: 'write', remove: 'manage' };

// [type, object, identity, right], in order and once each.
export const sorted = (denials) => [...new Set(denials.map((denial) => denial.join(' ')))].sort();

// The denials among these lines of a trace, for which `isDenied` holds.
export function denialsIn(lines, isDenied = ({ http, code }) => http === 403 && code === 54007) {
  const names = new Map(lines.filter(({ sid, name }) => sid && name).map(({ sid, name }) => [sid, name]));
  return sorted(lines.filter((line) => line.op !== undefined && line.src === 'sdk' && isDenied(line))
    .map((line) => [line.type, line.name ?? names.get(line.sid), line.identity, RIGHTS[line.op]]));
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

export const restThrough = (service, where) => twilio(service.ready.account_sid, service.ready.auth_token,
  { httpClient: new AimedClient(where.rest), autoRetry: false }).sync.v1.services(service.ready.service_sid);

export async function sdkThrough(t, service, where, identity) {
  const client = new SyncClient(service.token(identity), { Twilsock: { uri: where.sdk } });
  t.after(() => client.shutdown().catch(() => {}));
  await connected(client);
  return client;
}

const ignore = (...statuses) => (error) => {
  if (!statuses.includes(error.status)) throw error;
};

// Drive an app through `where` ({rest, sdk}); who was denied, step by step.
export async function driveApp(app, service, where, Client = SyncClient) {
  const denied = [];
  const clients = [];
  const opened = [];
  const instance = restThrough(service, where);
  const backend = {
    ensure: (kind, uniqueName) => instance[kind].create({ uniqueName }).catch(ignore(409)),
    item: (map, key, data, itemTtl) => instance.syncMaps(map).syncMapItems.create({ key, data, itemTtl }).catch(ignore(409)),
    document: (id, data) => instance.documents(id).update({ data }),
    read: async (id) => (await instance.documents(id).fetch()).data,
  };
  const noting = (client) => Object.fromEntries(['document', 'list', 'map', 'stream'].map((kind) => [kind, async (...args) => {
    const handle = await client[kind](...args);
    opened.push(handle);
    return handle;
  }]));
  const sdk = async (identity) => {
    const client = new Client(service.token(identity), { Twilsock: { uri: where.sdk } });
    clients.push(client);
    await connected(client);
    return noting(client);
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
    await Promise.all(opened.map(subscribed));
  } finally {
    for (const client of clients) await client.shutdown().catch(() => {});
  }
  return denied;
}
