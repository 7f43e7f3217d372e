// One `syncproof serve` on a free port, and the vendor's clients aimed at it.
//
// Nothing here knows the protocol: tokens are minted and requests are made by
// the vendor's packages. Only the two rewritings that point them at this
// machine are ours (the WebSocket URI option of the SDK, the host in the HTTP
// client of the helper library), and the service's own clock control.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SyncClient } from 'twilio-sync';
import twilio from 'twilio';
import { judge } from './schemas.mjs';

const READY_MS = 20000;
const EVENT_MS = 10000;

// The helper library speaks to https://sync.twilio.com; this sends the same
// request, headers and form body included, to the service under test, and
// judges what comes back.
class LocalHttpClient extends twilio.RequestClient {
  constructor(service) {
    super();
    this.service = service;
    this.seen = []; // method and address of every request
  }

  async request(options) {
    const asked = new URL(options.uri);
    const local = new URL(asked.pathname + asked.search, this.service.ready.rest);
    this.seen.push({ method: options.method, uri: asked.href });
    const response = await super.request({ ...options, uri: local.href });
    this.service.judged({
      method: options.method,
      url: local.href,
      status: response.statusCode,
      headers: { ...response.headers },
      body: parsed(response.body),
    });
    return response;
  }
}

const parsed = (body) => (body === '' ? undefined : typeof body === 'string' ? JSON.parse(body) : body);

export class Service {
  // For one test. SOAK_READY names the ready line of a service that runs
  // through all of them: what needs no flags then gets a Sync service of its own
  // in there.
  static async start(t, ...flags) {
    return process.env.SOAK_READY !== undefined && flags.length === 0
      ? Service.#attach(t)
      : Service.alone(t, ...flags);
  }

  static async #attach(t) {
    const service = new Service(t, undefined);
    service.ready = JSON.parse(readFileSync(process.env.SOAK_READY, 'utf8').split('\n')[0]);
    const made = await service.#ask('POST', '/v1/Services');
    assert.equal(made.status, 201);
    service.ready.service_sid = (await made.json()).sid;
    t.after(async () => {
      await service.#shutdown();
      const gone = await service.#ask('DELETE', `/v1/Services/${service.ready.service_sid}`);
      assert.equal(gone.status, 204);
      assert.deepEqual(service.faults, []);
    });
    return service;
  }

  #ask(method, path) {
    return fetch(this.ready.rest + path, { method, headers: { authorization: this.#authorization() } });
  }

  // Started for one test and stopped with it, whatever else runs: for tests that
  // look at all services or touch what belongs to all sessions.
  static async alone(t, ...flags) {
    const child = spawn(
      process.env.SYNCPROOF,
      ['serve', '--listen', '127.0.0.1:0', ...flags],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const service = new Service(t, child);
    t.after(async () => {
      await service.stop();
      t.diagnostic(`${service.responses.length} REST responses judged, ${service.faults.length} violations`);
      assert.deepEqual(service.faults, []);
    });
    service.ready = await service.#readyLine();
    return service;
  }

  constructor(t, child) {
    this.child = child; // undefined: not ours
    this.clients = [];
    this.log = [];
    this.responses = []; // operation and status of every judged REST response
    this.faults = []; // what was wrong with them
    if (child === undefined) {
      return;
    }
    createInterface(child.stderr).on('line', (line) => this.log.push(line));
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', (error) => resolve({ code: error.code, signal: null }));
    });
  }

  async #readyLine() {
    const lines = createInterface(this.child.stdout);
    const first = new Promise((resolve) => lines.once('line', resolve));
    const ended = this.ended.then((how) => {
      throw new Error(`serve ended ${JSON.stringify(how)}: ${this.log.join('\n')}`);
    });
    return JSON.parse(await within(Promise.race([first, ended]), READY_MS, 'ready line'));
  }

  async #shutdown() {
    for (const client of this.clients) {
      await client.shutdown().catch(() => {});
    }
  }

  // SIGTERM must end the service cleanly; a sanitizer's or crash's exit shows.
  async stop() {
    await this.#shutdown();
    this.child.kill('SIGTERM');
    const how = await within(this.ended, EVENT_MS, 'end of serve');
    assert.deepEqual(how, { code: 0, signal: null }, this.log.join('\n'));
  }

  // Every response of the REST plane fits the schemas, whatever the test is about;
  // a test that expects some refusal cannot take a fault for it.
  judged(response) {
    const { operation, faults } = judge(response);
    this.responses.push({ operation: operation?.id, status: response.status });
    this.faults.push(...faults);
    assert.deepEqual(faults, [], JSON.stringify(response));
  }

  token(identity, { ttl = 3600, secret = this.ready.api_secret, service = this.ready.service_sid } = {}) {
    const token = new twilio.jwt.AccessToken(
      this.ready.account_sid, this.ready.api_key, secret, { identity, ttl });
    token.addGrant(new twilio.jwt.AccessToken.SyncGrant({ serviceSid: service }));
    return token.toJwt();
  }

  // A client that need not connect.
  sdkWithToken(token) {
    const client = new SyncClient(token, { Twilsock: { uri: this.ready.sdk } });
    this.clients.push(client);
    return client;
  }

  async sdk(identity, options) {
    const client = this.sdkWithToken(this.token(identity, options));
    await connected(client);
    return client;
  }

  // npm `twilio`, with the account's own credentials unless told otherwise.
  rest({ user = this.ready.account_sid, password = this.ready.auth_token } = {}) {
    const client = twilio(user, password, {
      accountSid: this.ready.account_sid,
      httpClient: new LocalHttpClient(this),
      autoRetry: false,
    });
    return client;
  }

  // The service instance of the ready line.
  instance(client = this.rest()) {
    return client.sync.v1.services(this.ready.service_sid);
  }

  // An update over REST that is done when this returns. The caller's event loop
  // stands still meanwhile: no client in this process can have heard of it.
  updateBehindTheBack(name, data) {
    const program = `fetch(process.env.URL, {
      method: 'POST',
      headers: { authorization: process.env.AUTH },
      body: new URLSearchParams({ Data: process.env.DATA }),
    }).then((answer) => { process.exitCode = answer.status === 200 ? 0 : 1; })`;
    execFileSync(process.execPath, ['-e', program], {
      env: {
        URL: `${this.ready.rest}/v1/Services/${this.ready.service_sid}/Documents/${name}`,
        AUTH: this.#authorization(),
        DATA: JSON.stringify(data),
      },
    });
  }

  #authorization() {
    return `Basic ${btoa(`${this.ready.account_sid}:${this.ready.auth_token}`)}`;
  }

  // The service's own control plane.
  control(path, method = 'POST', body = undefined) {
    return fetch(`${this.ready.rest}/_syncproof/${path}`, {
      method,
      headers: {
        authorization: this.#authorization(),
        'content-type': 'application/json',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  // Move the virtual clock; answered once due timers have fired.
  async advance(seconds) {
    const answer = await this.control('clock', 'POST', { advance_ms: seconds * 1000 });
    assert.equal(answer.status, 200, await answer.text());
  }
}

// The value of `promise`, or an error that says what did not come.
export function within(promise, ms, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing in ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function reached(client, state, ms = EVENT_MS) {
  if (client.connectionState === state) {
    return Promise.resolve();
  }
  return within(new Promise((resolve) => {
    client.on('connectionStateChanged', (now) => now === state && resolve());
  }), ms, `state ${state}`);
}

export const connected = (client) => reached(client, 'connected');

// The next event that `fits`; call it before what causes the event.
export function heard(emitter, event, fits = () => true, ms = EVENT_MS) {
  return within(new Promise((resolve) => {
    emitter.on(event, (args) => fits(args) && resolve(args));
  }), ms, event);
}

// The request is refused with this HTTP status and Sync code.
export async function refused(promise, status, code) {
  await assert.rejects(promise, (error) => {
    assert.deepEqual({ status: error.status, code: error.code }, { status, code }, error.message);
    return true;
  });
}

// The subscription behind a handle is up: from now on events come live. Streams
// have no replay, so a message published before is lost to the handle.
export function subscribed(handle) {
  const [entity] = Object.entries(handle)
    .filter(([field]) => field.endsWith('Impl')).map(([, value]) => value);
  return entity.subscriptionState === 'established'
    ? Promise.resolve()
    : heard(handle, '_subscriptionStateChanged', (state) => state === 'established');
}
